"""`python -m demo`: plays the scripted minute, then leaves the chat to whoever sits at the terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx

from demo.screen import Screen
from demo.script import Script
from demo.stage import DemoFailed, Stage
from storage.errors import StorageError
from storage.location import Location, parse

T = TypeVar("T")
INTERRUPTED = 130


def main() -> int:
    """Exit status 0 if all that was shown happened, 1 if not, 130 where Ctrl-C came before the end of the script."""
    parser = argparse.ArgumentParser(prog="polar demo")
    parser.add_argument("--exit", action="store_true", help="end after the script")
    parser.add_argument("--picture", type=Path, help="save the main scenes as an SVG picture")
    parser.add_argument("--database", type=partial(parse, base=Path.cwd()), help="keep it there, where nothing is yet")
    given = parser.parse_args()
    os.umask(0o077)  # what it and its processes make is nobody else's, from the first byte on
    screen = Screen(record=given.picture is not None)
    stay = not given.exit and sys.stdin.isatty()
    try:
        status = asyncio.run(_play(screen, given.database, given.picture, stay=stay))
    except (DemoFailed, StorageError, httpx.HTTPError) as error:
        screen.alarm(str(error) or type(error).__name__)
        status = 1
    kept = "nothing" if given.database is None else f"only {given.database}"
    if status == INTERRUPTED:
        screen.end(f"Stopped before the end. All of it is ended, and {kept} is kept")
    elif status == 0 and stay:
        screen.end(f"That was the demo. All of it is ended, and {kept} is kept")
    return status


async def _play(screen: Screen, database: Location | None, picture: Path | None, *, stay: bool) -> int:
    """All of it; the exit status."""
    screen.title("Polar: a real bot, a Telegram and a model on loopback. No token, no network.")
    with tempfile.TemporaryDirectory(prefix="polar-demo-") as folder:
        stage = Stage(Path(folder), database)
        script = Script(stage, screen)
        try:
            happened = await _unless_interrupted(_perform(stage, script))
            if happened is None:
                return INTERRUPTED
            if picture is not None:
                screen.save(picture)
            if happened and stay:
                await _unless_interrupted(script.talk())
        finally:
            await stage.close()
    return 0 if happened else 1


async def _perform(stage: Stage, script: Script) -> bool:
    await stage.open()
    return await script.play()


async def _unless_interrupted(part: Coroutine[Any, Any, T]) -> T | None:
    """The result of a part, None where Ctrl-C ended it; a further one does not cut short what has to be ended then."""
    task = asyncio.create_task(part)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await asyncio.wait({task})
    return None if task.cancelled() else task.result()


if __name__ == "__main__":
    sys.exit(main())
