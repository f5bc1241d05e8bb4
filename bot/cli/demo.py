"""`polar demo`: the main job with no token, no key and no network."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from demo.screen import Screen
from demo.script import Script
from demo.stage import DemoFailed, Stage


def demo(
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the script; status 0 if all of it happened.")
    ] = False,
    picture: Annotated[Path | None, typer.Option(help="Save the main scenes as an SVG picture.")] = None,
) -> None:
    """Show a scripted minute with the real bot, an embedded Telegram and a model; then write to it yourself."""
    screen = Screen(record=picture is not None)
    try:
        happened = asyncio.run(_play(screen, picture, stay=not leave and sys.stdin.isatty()))
    except DemoFailed as error:
        screen.alarm(str(error))
        happened = False
    raise typer.Exit(0 if happened else 1)


async def _play(screen: Screen, picture: Path | None, *, stay: bool) -> bool:
    screen.title("Polar: a real bot, a Telegram and a model on loopback. No token, no network.")
    with tempfile.TemporaryDirectory(prefix="polar-demo-") as folder:
        stage = Stage(Path(folder))
        try:
            await stage.open()
            script = Script(stage, screen)
            happened = await script.play()
            if picture is not None:
                screen.save(picture)
            if happened and stay:
                await script.talk()
        finally:
            await stage.close()
    return happened
