"""The form `labels`: a row for each stance of somebody on an answer, and no text of anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import CannotRun
from bot.feedback.files import SortedLines
from bot.feedback.pseudonyms import Pseudonyms
from bot.feedback.reading import LabelledAnswer, Labels
from storage.whole_files import Folder
from teaching.dropped import Dropped
from teaching.forms import written
from teaching.labels import Label
from teaching.splits import Components

_SPLIT = '"split":"{}"'
_UNSPLIT = _SPLIT.format("")
"""The first of a row's empty values: what stands before it are ids."""
_FIRST = b'{"id":"'
"""What a file of labels begins with."""


@dataclass(slots=True)
class LabelsFile:
    """What was written, as counts."""

    answers: int = 0
    people: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    """By label, and by split."""
    dropped: Dropped = field(default_factory=Dropped)
    is_changed: bool = False

    @property
    def labels(self) -> int:
        """Rows of the file."""
        return self.counts["positive"] + self.counts["negative"]


async def write_labels(labels: Labels, names: Pseudonyms, out: Path) -> LabelsFile:
    """Put all of them into a file, which is replaced whole.

    Raises CannotWrite, and CannotRun where there is anything but a file of labels.
    """
    out = _checked(out)
    told = LabelsFile(dropped=labels.dropped)
    components = Components()
    with Folder.open(out.parent) as folder, SortedLines.open(out.parent) as lines:
        folder.sweep([out.name])
        async for labelled in labels.read():
            told.answers += 1
            components.join(labelled.members)
            for label in labelled.labels:
                told.people.add(label.person)
                told.counts[label.label] += 1
                row = row_of(labelled, label, names)
                lines.add(row["id"], f"{labelled.answer.session_id}\t{written(row)}")
        told.is_changed = folder.replace(out.name, _with_splits(lines, components, names, told))
    return told


def _checked(path: Path) -> Path:
    """What is replaced is gone: so neither a device, nor a file of somebody else's, nor the database itself."""
    out = path.resolve()
    try:
        is_ours = not out.exists() or (out.is_file() and _is_empty_or_labels(out))
    except OSError as error:
        raise CannotRun(f"{out} cannot be read ({error.strerror}); --out names a file of its own") from error
    if not is_ours:
        raise CannotRun(f"{out} is no file of labels; --out names a file of its own, which is replaced")
    return out


def _is_empty_or_labels(out: Path) -> bool:
    with out.open("rb") as file:
        start = file.read(len(_FIRST))
    return not start or start == _FIRST


def row_of(labelled: LabelledAnswer, label: Label, names: Pseudonyms) -> dict[str, Any]:
    """A row as the file has it, but for where it belongs, which is known in the end."""
    answer = labelled.answer
    return {
        "id": names.of("label", f"{label.answer} {label.person}"),
        "answer": names.of("answer", answer.id),
        "person": names.of("person", label.person),
        "conversation": names.of("conversation", answer.session_id),
        "split": "",
        "label": label.label,
        "score": label.score,
        "emoji": label.emoji,
        "via": label.via,
        "asker": label.person == answer.asker,
        "model": answer.model,
        "personality": names.of("personality", answer.personality),
        "automation": names.of("automation", answer.automation),
        "experiment": answer.experiment,
        "variant": answer.variant,
        "at_ms": names.at(label.at_ms),
    }


def _with_splits(lines: SortedLines, components: Components, names: Pseudonyms, told: LabelsFile) -> Iterator[str]:
    for line in lines:
        session_id, _, row = line.partition("\t")
        split = components.split(f"conversation {session_id}", names.key, len(told.people))
        told.counts[split] += 1
        yield row.replace(_UNSPLIT, _SPLIT.format(split), 1)
