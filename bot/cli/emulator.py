"""`polar emulator`: the embedded Telegram alone, as a process of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bot import home


def emulator(
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8081,
    token: Annotated[str, typer.Option(help="The bot's token.")] = "1000000001:TEST-TOKEN",  # noqa: S107 - of no worth
    username: Annotated[str, typer.Option(help="The bot's username.")] = "polar_test_bot",
    log: Annotated[
        Path | None, typer.Option(help="A file that gets a JSON line for each call and each update.")
    ] = None,
) -> None:
    """Serve the embedded Telegram, with its chat page, on loopback until SIGINT or SIGTERM."""
    arguments = [f"--host={host}", f"--port={port}", f"--token={token}", f"--username={username}"]
    arguments += [] if log is None else [f"--log={log}"]
    home.become("emulator", *arguments, inherited=os.environ)
