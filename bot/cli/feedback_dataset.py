"""`polar feedback dataset`: rated answers as files that language models learn from, and are tested with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import settings
from bot.cli.facts import AsJson, printable, to_json
from bot.cli.feedback_options import FreshIds, FromThen, Include, includes_automations, instant_ms, pseudonyms
from bot.cli.progress import telling
from bot.feedback import card
from bot.feedback.card import MadeDataset
from bot.feedback.making import Asked, make
from storage.engines import connect_readers
from teaching.forms import FORMS
from teaching.wording import several


def dataset(
    form: Annotated[
        list[str], typer.Option("--form", metavar="|".join(FORMS), help="What it is for; may be given again.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="A folder, which is replaced whole.")],
    since: FromThen = "",
    include: Include = None,
    fresh_ids: FreshIds = False,
    as_json: AsJson = False,
) -> None:
    """Write rated answers with their prompts, for programs that train models or test them.

    An answer is in it only where everybody whose words are in it has said /feedback share on. The database is only
    read, so this is safe while the bot runs.
    """
    asked = Asked(
        forms=_forms(form),
        out=out.absolute(),
        since_ms=instant_ms(since),
        since=since,
        automations=includes_automations(include),
    )
    with telling("reading rated answers"):
        made = asyncio.run(_make(asked, are_fresh=fresh_ids))
    if as_json:
        typer.echo(to_json({"folder": str(asked.out), **made.to_json()}))
    else:
        typer.echo("\n".join(_lines(made, asked.out)))


async def _make(asked: Asked, *, are_fresh: bool) -> MadeDataset:
    readers = await connect_readers(settings.load().location)
    try:
        return await make(readers, await pseudonyms(readers, are_fresh=are_fresh), asked)
    finally:
        await readers.close()


def _forms(written: Sequence[str]) -> list[str]:
    for name in written:
        if name not in FORMS:
            raise typer.BadParameter(f"--form: expected {', '.join(FORMS)} (found {name!r:.80})")
    return [name for name in FORMS if name in written]


def _lines(made: MadeDataset, out: Path) -> Iterator[str]:
    for form, splits in made.lines.items():
        yield f"{form}: {splits['train']:,} to train with, {splits['test']:,} to test with"
    yield f"of {several(made.people, 'person', 'people')}; written to {printable(out)}"
    if made.withdrawn:
        yield f"withdrawn since the former files, and listed in manifest.json: {made.withdrawn:,}"
    yield from (f"left out: {line}" for line in card.left_out(made.dropped))
