"""The card of a dataset: what tools load it by, and what people must know of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.feedback.dataset import SPLITS, file_name
from teaching.dropped import Dropped
from teaching.forms import FORMS
from teaching.splits import LEAST_PEOPLE, Split

NAME = "README.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeDataset:
    """What came of a run: lines by form and split, people, and what was left out."""

    lines: Mapping[str, Mapping[Split, int]]
    people: int
    dropped: Dropped
    since: str
    automations: bool
    has_fresh_ids: bool
    withdrawn: int = 0

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "forms": {form: dict(splits) for form, splits in self.lines.items()},
            "people": self.people,
            "since": self.since,
            "automations": self.automations,
            "freshIds": self.has_fresh_ids,
            "leftOut": {reason: count for reason, count in sorted(self.dropped.items()) if count},
            "withdrawn": self.withdrawn,
        }


def lines(made: MadeDataset) -> Iterator[str]:
    """The file, line by line; no configuration names a file without lines, as tools refuse such a one."""
    yield "---"
    yield from _configurations(made.lines)
    yield "---"
    yield "# Rated answers of a Polar bot"
    yield ""
    yield "What people said of a bot's answers in Telegram, by 👍, 👎 and reactions like them, and what was answered."
    yield "Silence is no label: what nobody rated is not in here."
    yield ""
    yield from _forms(made.lines)
    yield ""
    yield from _notes(made)
    yield ""
    yield "## What was left out"
    yield ""
    yield from [f"- {line}" for line in left_out(made.dropped)] or ["Nothing."]


def _configurations(forms: Mapping[str, Mapping[Split, int]]) -> Iterator[str]:
    there = {form: [split for split in SPLITS if splits[split]] for form, splits in forms.items()}
    if not any(there.values()):
        yield "configs: []"
        return
    yield "configs:"
    for form, splits in there.items():
        if splits:
            yield f"- config_name: {form}"
            yield "  data_files:"
        for split in splits:
            yield f"  - split: {split}"
            yield f"    path: {file_name(form, split)}"


def _forms(forms: Mapping[str, Mapping[Split, int]]) -> Iterator[str]:
    yield "| form | for | train | test |"
    yield "|---|---|--:|--:|"
    for form, splits in forms.items():
        yield f"| `{form}` | {FORMS[form].use} | {splits['train']:,} | {splits['test']:,} |"


def _notes(made: MadeDataset) -> Sequence[str]:
    few = made.people < LEAST_PEOPLE
    return [
        f"- **People**: {made.people:,} wrote or rated what is in here.",
        f"- **Splits**: there are fewer than {LEAST_PEOPLE} of them, so there is no test."
        if few
        else "- **Splits**: nobody, and no conversation, is in both train and test; nor is a prompt. About one in "
        "ten is in the test, and never those of whom most hang together.",
        "- **Prompts are rebuilt, not as sent**: the personality's text, the earlier messages that went along, and the "
        "question, as they were then. The instructions of the program, memories and the clock are left out, and so is "
        "formatting. In groups people are `person 1`, who asked, `person 2` and so on.",
        "- **Leave**: everybody whose words are in an example has said `/feedback share on`. They may take it back at "
        "any time: make the files anew then, and whatever was trained on what `manifest.json` lists as withdrawn holds "
        "what they no longer share.",
        "- **Ids** are of these files alone: no others have the same."
        if made.has_fresh_ids
        else "- **Ids** are digests by a key of the database; `manifest.json` has the SHA-256 of the line of each.",
        f"- **Since**: {made.since or 'the beginning'}. **Automations**: "
        f"{'what they said is in here, too' if made.automations else 'what they said is left out'}.",
        "- Nothing was sent anywhere: what becomes of these files is up to who has them.",
    ]


def left_out(dropped: Dropped) -> Iterator[str]:
    """What was left out, a line a reason."""
    for count, words in dropped.lines():
        yield f"{count:,} {words}"
