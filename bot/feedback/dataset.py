"""Making a dataset: examples are read once, then sorted, split and written; memory grows with people alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from bot.feedback.examples import RatedExample
from bot.feedback.files import SortedLines
from bot.feedback.folder import NewFolder
from bot.feedback.manifest import listing
from bot.feedback.pseudonyms import Pseudonyms
from storage.origin import fingerprint
from teaching.forms import DatasetForm, Example, written
from teaching.splits import Components, Drawn, Split, without_repeats

SPLITS: tuple[Split, ...] = ("train", "test")
_NEVER_MS = 10**17
"""Beyond every instant, so that the newest is the least."""


def file_name(form: str, split: Split) -> str:
    """The file of a form's split."""
    return f"{form}-{split}.jsonl"


@dataclass(slots=True)
class Dataset:
    """Takes examples, then writes files of them. What is sorted waits in `folder`, until `opened` is closed."""

    forms: Sequence[DatasetForm]
    names: Pseudonyms
    folder: Path
    opened: ExitStack
    people: set[str] = field(default_factory=set)
    """Everybody who is in the files."""
    _components: Components = field(default_factory=Components)
    _entries: Mapping[str, SortedLines] = field(init=False)
    _halves: SortedLines = field(init=False)

    def __post_init__(self) -> None:
        self._entries = {form.name: self.sorted_lines() for form in self.forms}
        self._halves = self.sorted_lines()

    def sorted_lines(self) -> SortedLines:
        """For some lines, until this is closed."""
        return self.opened.enter_context(SortedLines.open(self.folder))

    def add(self, rated: RatedExample) -> None:
        """One more example, for all forms that take it."""
        self._components.join([_conversation(rated), *(f"person {person}" for person in rated.people)])
        for form in self.forms:
            if form.takes != "pairs" and form.takes_example(rated.example):
                self._enter(form, rated)
        if any(form.takes == "pairs" for form in self.forms):
            half = json.dumps({**asdict(rated), "people": sorted(rated.people)})
            self._halves.add(f"{fingerprint(self.names.key, rated.pair)} {int(rated.is_second)}", half)

    def join_pairs(self) -> None:
        """Make examples of answers of which the first was disliked and the second liked, to the very same prompt."""
        for _, halves in groupby(map(_half, self._halves), key=lambda half: half.pair):
            first: RatedExample | None = None
            for half in halves:
                if not half.is_second:
                    first = half
                elif first is not None and _is_pair(first.example, half.example):
                    self._enter_pair(first, half)

    def _enter_pair(self, first: RatedExample, second: RatedExample) -> None:
        example = replace(second.example, worse=first.example.answer)
        pair = replace(second, example=example, people=first.people | second.people)
        for form in self.forms:
            if form.takes == "pairs":
                self._enter(form, pair)

    def _enter(self, form: DatasetForm, rated: RatedExample) -> None:
        """By the digests of its prompt and of all of it, newest first: that is the order of the files, too."""
        example = rated.example
        self.people.update(rated.people)
        prompt = json.dumps(example.prompt)
        whole = json.dumps([prompt, example.answer, example.worse])
        prompt_id, pair_id = (fingerprint(self.names.key, told) for told in (prompt, whole))
        before = _NEVER_MS - rated.at_ms
        entry = (prompt_id, pair_id, before, example.id, _conversation(rated), written(form.line(example)))
        self._entries[form.name].add(f"{prompt_id} {pair_id} {before:018} {example.id}", json.dumps(entry))

    def write(self, folder: NewFolder, form: DatasetForm, listings: SortedLines) -> dict[Split, int]:
        """The files of a form; a test without a line is left out. Gives the lines of each."""
        counts: dict[Split, int] = {}
        for split in SPLITS:
            name = file_name(form.name, split)
            counts[split] = folder.write(name, self._lines(form, split, listings))
            if split == "test" and not counts[split]:
                folder.remove(name)
        return counts

    def _lines(self, form: DatasetForm, split: Split, listings: SortedLines) -> Iterator[str]:
        for drawn in without_repeats(map(self._drawn, self._entries[form.name])):
            if drawn.split == split:
                name = f"{form.name}/{drawn.id}"
                listings.add(name, listing(name, sha256(drawn.line.encode()).hexdigest()))
                yield drawn.line

    def _drawn(self, entry: str) -> Drawn:
        prompt_id, pair_id, before, example_id, conversation, line = json.loads(entry)
        split = self._components.split(conversation, self.names.key, len(self.people))
        return Drawn(prompt=prompt_id, pair=pair_id, before=before, id=example_id, split=split, line=line)


def _conversation(rated: RatedExample) -> str:
    return f"conversation {rated.session_id}"


def _half(told: str) -> RatedExample:
    """From JSON, where a prompt is a list."""
    fields = json.loads(told)
    return RatedExample(**fields | {"example": Example(**fields["example"]), "people": frozenset(fields["people"])})


def _is_pair(first: Example, second: Example) -> bool:
    """The same words twice would teach nothing but chance."""
    is_better = not first.is_liked and second.is_liked and first.answer != second.answer
    return is_better and first.prompt == second.prompt
