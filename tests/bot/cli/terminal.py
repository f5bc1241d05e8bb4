"""The `polar` command, in this process or as one of its own; settings that are not given have their defaults."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from bot.cli import app
from bot.settings import environment
from tests.house import CHECKOUT, House


def polar(*arguments: str, **settings: Any) -> Result:
    """The command in this process: what it printed, and the exit status that the real one would have."""
    invoke = partial(CliRunner().invoke, app, arguments, env=environment({}, settings), prog_name="polar")
    with ThreadPoolExecutor(1) as terminal:  # where no loop runs, as in a process of its own
        done = terminal.submit(invoke).result()
    if isinstance(done.exception, Exception):
        raise done.exception
    return done


def process(*arguments: str, cwd: Path = CHECKOUT, **settings: Any) -> subprocess.CompletedProcess[str]:
    """The real command, as scripts call it; for what becomes another program, and a sample of the rest."""
    environ = environment({"PATH": "/usr/bin:/bin", "PYTHONPATH": str(CHECKOUT)}, settings)
    command = House.command(*arguments)
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=60, check=False)


def printed(done: Result) -> Any:
    """The JSON on standard output of a command that succeeded."""
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)
