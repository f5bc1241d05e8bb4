"""`polar demo`: the main job with no token, no key and no network, as a process of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bot import home
from storage.location import environment, parse


def demo(
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the script; status 0 if all of it happened.")
    ] = False,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Use this database, in which nothing is yet, and keep it.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Save the main scenes as an SVG picture.")] = None,
) -> None:
    """Show a scripted minute with the real bot, an embedded Telegram and a model; then write to it yourself."""
    arguments = ["--exit"] if leave else []
    arguments += [f"--picture={picture}"] if picture is not None else []
    inherited = dict(os.environ)
    if database is not None:
        location = parse(database, Path.cwd())
        arguments.append(f"--database={location}")
        inherited |= environment(location)
    home.become("demo", *arguments, inherited=inherited)
