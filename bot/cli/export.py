"""`polar export`: the export job, a program of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bot import home
from bot.cli import settings
from storage.location import environment


def export(
    out: Annotated[
        Path | None, typer.Option(help="The folder of the files, else POLAR_ARTIFACTS.", show_default=False)
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Write this file only: reactions, heartbeat, memory or personality. May be given again."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what happened from then on: 2026-11-01, or 2026-11-01T12:00:00Z.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write Markdown files of what the database holds, which is only read; safe while the bot runs."""
    loaded = settings.load()
    folder = loaded.artifacts_path if out is None else out.absolute()
    arguments = [f"--database={loaded.location}", f"--out={folder}"]
    arguments += [f"--only={name}" for name in only or ()]
    arguments += [f"--since={since}"] if since is not None else []
    arguments += ["--json"] if as_json else []
    home.become("exports", *arguments, inherited={**os.environ, **environment(loaded.location)})
