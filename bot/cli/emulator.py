"""`polar emulator`: the embedded Telegram alone, as a process of its own."""

from __future__ import annotations

import subprocess
import sys

import typer

from bot.settings import CHECKOUT


def emulator(context: typer.Context) -> None:
    """Serve the embedded Telegram on loopback; takes --port, --token, --username and --log."""
    raise typer.Exit(subprocess.call([sys.executable, "-m", "emulator", *context.args], cwd=CHECKOUT))  # noqa: S603
