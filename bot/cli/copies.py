"""`polar db backup`, `restore` and `adopt`: copies of the database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli import settings
from bot.cli.facts import AsJson
from bot.cli.progress import telling
from bot.clock import stopwatch, system_clock
from storage import care
from storage.errors import ErasuresUnreadable
from storage.state import Restored
from storage.tables.erasures import Erased, read_list
from storage.text import mebibytes

Lists = Annotated[
    list[Path] | None,
    typer.Option("--erasures", metavar="FILE", help="Erase again who is in this list of polar erase --list --json."),
]
Nobody = Annotated[bool, typer.Option("--no-erasures", help="Nobody was erased since the copy was made.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The copy.", show_default=False)]


def backup(file: File, as_json: AsJson = False) -> None:
    """Copy the database to FILE, which must not be there yet; safe while the bot runs.

    The copy is of one instant. It is looked through before it gets its name, and is for its owner alone.
    """
    began = stopwatch()
    with telling("copying") as progress:
        made = care.back_up(settings.load().location, file, progress)
    seconds = stopwatch() - began
    if as_json:
        facts = {"file": str(file), "bytes": made.size, "seconds": round(seconds, 3), "logGrewBytes": made.log_grew}
        typer.echo(json.dumps(facts))
    else:
        grew = f"the log grew by {mebibytes(made.log_grew)} meanwhile"
        typer.echo(f"{file} has {mebibytes(made.size)} and is whole, after {seconds:.1f} s; {grew}")


def restore(file: File, erasures: Lists = None, no_erasures: Nobody = False, as_json: AsJson = False) -> None:
    """Put a copy in the place of the database; stop the bot first.

    What was open in the copy may have been done since, so none of it is done again: deliveries and updates are set
    aside, what was due is entered as skipped, all with the reason `restored`. Who was erased since is erased again, by
    the database that is replaced. Where that is lost, a list says who that was.
    """
    loaded = settings.load()
    erased = _erased(erasures, nobody=no_erasures)
    with telling("restoring") as progress:
        now_ms = system_clock(loaded.clock_offset_seconds)()
        done = care.put_back(loaded.location, file, erased, progress, now_ms=now_ms)
    _tell(done, as_json=as_json)


def adopt(erasures: Lists = None, no_erasures: Nobody = False, as_json: AsJson = False) -> None:
    """Go on with a copy that was put in the place of the database by other means, as by Litestream; stop the bot first.

    Does with it what polar db restore does. A list says who was erased since the copy was made.
    """
    loaded = settings.load()
    erased = _erased(erasures, nobody=no_erasures)
    if erased is None:
        raise typer.BadParameter("--erasures FILE says who was erased since, or --no-erasures that nobody was")
    with telling("adopting"):
        done = care.adopt(loaded.location, erased, now_ms=system_clock(loaded.clock_offset_seconds)())
    _tell(done, as_json=as_json)


def _erased(lists: list[Path] | None, *, nobody: bool) -> list[Erased] | None:
    """Who was erased by what the operator says; None where they say nothing."""
    if lists and nobody:
        raise typer.BadParameter("--erasures and --no-erasures contradict each other")
    if not lists:
        return [] if nobody else None
    return [each for file in lists for each in _read(file)]


def _read(file: Path) -> list[Erased]:
    try:
        return read_list(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, ErasuresUnreadable) as error:
        raise ErasuresUnreadable(
            f"{file} is no list of erasures, as polar erase --list --json makes it: {error}"
        ) from None


def _tell(done: Restored, *, as_json: bool) -> None:
    ended = done.ended
    counts: dict[str, Any] = {name: getattr(ended, name) for name in ("deliveries", "updates", "runs", "erased")}
    if as_json:
        names = [f"{migration.version:04} {migration.name}" for migration in done.applied]
        typer.echo(json.dumps({**counts, "applied": names, "aside": done.aside and str(done.aside)}))
        return
    typer.echo("The database is the copy now, and no bot runs on it.")
    typer.echo(f"  deliveries set aside     {ended.deliveries}")
    typer.echo(f"  updates set aside        {ended.updates}")
    typer.echo(f"  runs entered as skipped  {ended.runs}")
    typer.echo(f"  people erased again      {ended.erased}")
    if done.aside:
        typer.echo(f"The damaged file is {done.aside} now.")
