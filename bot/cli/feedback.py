"""`polar feedback`: what reactions teach, as files and comparisons."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli import feedback_compare, settings
from bot.cli.facts import AsJson, printable, to_json
from bot.cli.feedback_dataset import dataset
from bot.cli.feedback_options import FreshIds, FromThen, Include, includes_automations, instant_ms, pseudonyms
from bot.cli.progress import telling
from bot.feedback.labels import LabelsFile, write_labels
from bot.feedback.reading import Labels
from storage.engines import connect_readers
from teaching.wording import several

app = typer.Typer(help="What reactions teach, as files and comparisons.", no_args_is_help=True)
app.command()(dataset)
app.command()(feedback_compare.compare)


@app.command()
def labels(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A file of JSON lines, which is replaced whole.")],
    since: FromThen = "",
    include: Include = None,
    fresh_ids: FreshIds = False,
    as_json: AsJson = False,
) -> None:
    """Write a line for each 👍 or 👎 of somebody on an answer, without any text and without ids of Telegram's.

    The database is only read, so this is safe while the bot runs.
    """
    file = out.absolute()
    since_ms, automations = instant_ms(since), includes_automations(include)

    async def write() -> LabelsFile:
        readers = await connect_readers(settings.load().location)
        try:
            names = await pseudonyms(readers, are_fresh=fresh_ids)
            return await write_labels(Labels(readers, since_ms, automations), names, file)
        finally:
            await readers.close()

    with telling("reading what was said of answers"):
        written = asyncio.run(write())
    if as_json:
        typer.echo(to_json(_facts(file, written)))
    else:
        typer.echo("\n".join(_lines(file, written)))


def _facts(file: Path, written: LabelsFile) -> dict[str, Any]:
    return {
        "file": str(file),
        "labels": written.labels,
        "answers": written.answers,
        "people": len(written.people),
        **{name: written.counts[name] for name in ("positive", "negative", "train", "test")},
        "dropped": {reason: count for reason, count in sorted(written.dropped.items()) if count},
        "changed": written.is_changed,
    }


def _lines(file: Path, written: LabelsFile) -> list[str]:
    counts = written.counts
    labels, answers = several(written.labels, "label", "labels"), several(written.answers, "answer", "answers")
    told = f"{labels} of {several(len(written.people), 'person', 'people')} on {answers}"
    return [
        f"{told}: {counts['positive']:,} positive, {counts['negative']:,} negative",
        f"{counts['train']:,} to train with, {counts['test']:,} to test with",
        f"{'written to' if written.is_changed else 'unchanged:'} {printable(file)}",
        *(f"left out: {count:,} {words}" for count, words in written.dropped.lines()),
    ]
