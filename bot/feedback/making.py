"""A run of `polar feedback dataset`: from what is kept to a folder that is replaced whole."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.errors import CannotRun
from bot.feedback import card, manifest
from bot.feedback.card import MadeDataset
from bot.feedback.dataset import Dataset
from bot.feedback.examples import Examples
from bot.feedback.folder import NewFolder, replacing
from bot.feedback.pseudonyms import Pseudonyms
from bot.feedback.reading import Labels
from storage.readers import Readers
from storage.tables.keys import PERSONALITY, Keys
from storage.tables.shares import Shares
from storage.views.answer_sources import AnswerSources
from storage.views.leave import mark_of_leave
from teaching.forms import FORMS

OURS = (card.NAME, manifest.NAME, "*-train.jsonl", "*-test.jsonl")
"""What a folder of a dataset holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a dataset is to be; `since` is the instant as it was written."""

    forms: Sequence[str]
    out: Path
    since_ms: int = 0
    since: str = ""
    automations: bool = False


async def make(readers: Readers, names: Pseudonyms, asked: Asked) -> MadeDataset:
    """Write the folder. Raises CannotRun, and then the former one is there as it was."""
    mark = await mark_of_leave(readers)
    examples = Examples(
        labels=Labels(readers, asked.since_ms, asked.automations),
        sources=AnswerSources(readers, await Keys(readers).find(PERSONALITY)),
        shares=Shares(readers),
        names=names,
    )
    with replacing(asked.out, ours=OURS) as folder, ExitStack() as opened:
        _check(asked.out)
        forms = [FORMS[name] for name in asked.forms]
        dataset = Dataset(forms=forms, names=names, folder=folder.path, opened=opened)
        async for rated in examples.read():
            dataset.add(rated)
        dataset.join_pairs()
        made = _write(dataset, folder, asked, examples)
        if await mark_of_leave(readers) != mark:
            raise CannotRun("somebody gave or took back their leave while this was read; run it again")
    return made


def _check(out: Path) -> None:
    """Others name their files README.md and manifest.json, too."""
    if out.exists() and any(out.iterdir()) and not manifest.is_there(out / manifest.NAME):
        raise CannotRun(
            f"{out} has no {manifest.NAME} of a dataset; --out names a folder of its own, which is replaced"
        )


def _write(dataset: Dataset, folder: NewFolder, asked: Asked, examples: Examples) -> MadeDataset:
    present, former = dataset.sorted_lines(), dataset.sorted_lines()
    lines = {form.name: dataset.write(folder, form, present) for form in dataset.forms}
    if not dataset.names.is_fresh:  # no line of a former one has an id that is known here
        for listed in manifest.listed(asked.out / manifest.NAME):
            former.add(manifest.name_of(listed), listed)
    made = MadeDataset(
        lines=lines,
        people=len(dataset.people),
        dropped=examples.labels.dropped,
        since=asked.since,
        automations=asked.automations,
        has_fresh_ids=dataset.names.is_fresh,
        withdrawn=sum(1 for _ in manifest.withdrawn(former, present)),
    )
    folder.write(manifest.NAME, manifest.lines(made.to_json(), present, manifest.withdrawn(former, present)))
    folder.write(card.NAME, card.lines(made))
    return made
