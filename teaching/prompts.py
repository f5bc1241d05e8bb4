"""The prompt of an answer, made again from what is kept: as it was then, with everybody's leave, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, groupby
from typing import Literal

from teaching.forms import ChatLine

EARLIER = "(What was said before is left out here.)"
DUE = "(Nobody wrote here: something was due by itself.)"
"""What stands where nobody wrote, as the model was told then, too: the user and the assistant take turns."""


class Unfit(StrEnum):
    """Why an answer cannot be an example; `teaching.dropped` has it in words."""

    NO_LEAVE = "no_leave"
    NOBODY_KNOWN = "nobody_known"
    OTHERS = "others"
    NOT_KEPT = "not_kept"
    NO_HISTORY = "no_history"
    OTHER_PERSONALITY = "other_personality"


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What a message said until an instant."""

    text: str
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message as it is kept, with what it said before.

    `author` is whose words are in it: its writer, of an answer who had asked for it, of a run its owner; None where
    nobody knows. `holds_others` says that something of somebody else's belongs to it, `is_due` that a run has said it.
    """

    role: Literal["user", "assistant"]
    author: str | None
    text: str
    at_ms: int
    formers: Sequence[Former] = ()
    holds_others: bool = False
    is_due: bool = False

    def text_at(self, at_ms: int) -> str:
        """What it said at an instant."""
        later = [former for former in self.formers if former.until_ms > at_ms]
        return min(later, key=lambda former: former.until_ms).text if later else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSource:
    """An answer, its parts in order, and what it was made of.

    `history` is None where nobody knows what went along; in it, None stands for a message that is gone. `personality`
    is the text that it was given with, None where that is not known. `question` is what was asked, one message or
    several that made one turn; `is_asked_again` says that it was asked once more, later, for another answer.
    """

    asker: str | None
    is_private: bool
    personality: str | None
    history: Sequence[KeptMessage | None] | None
    question: Sequence[KeptMessage]
    answer: Sequence[KeptMessage]
    is_asked_again: bool = False

    @property
    def there(self) -> tuple[KeptMessage, ...]:
        """What of the prompt is kept."""
        return tuple(kept for kept in (*(self.history or ()), *self.question) if kept is not None)

    @property
    def people(self) -> frozenset[str]:
        """All whose words are in it, as far as that is known."""
        return frozenset(person for person in self._authors if person is not None)

    @property
    def is_somebodys(self) -> bool:
        """True where it is known of all of it whose it is."""
        return None not in self._authors

    @property
    def _authors(self) -> set[str | None]:
        return {self.asker, *(kept.author for kept in self.there)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt and its answer, and everybody whose words are in them."""

    lines: tuple[ChatLine, ...]
    answer: str
    people: frozenset[str]


def rebuild(source: AnswerSource, has_leave: Callable[[str], bool]) -> Prompt | Unfit:
    """The prompt as it was when the answer was made, or why there is none: nothing is ever left out of one."""
    if not all(map(has_leave, source.people)):
        return Unfit.NO_LEAVE
    if not source.is_somebodys:
        return Unfit.NOBODY_KNOWN
    before, there = source.history, source.there
    if any(kept.holds_others for kept in (*there, *source.answer)):
        return Unfit.OTHERS
    if before is None:
        return Unfit.NO_HISTORY
    if source.personality is None:
        return Unfit.OTHER_PERSONALITY
    at_ms = _asked_at(source)
    said = [(kept, kept.text_at(at_ms)) for kept in there]
    parts = [kept.text for kept in source.answer]
    kept_now = (*(kept.text for kept in there), *(text for _, text in said), *parts)
    if None in before or not source.question or not parts or not all(map(str.strip, kept_now)):
        return Unfit.NOT_KEPT
    lines = _in_turns(list(chain.from_iterable(_lines(said, source))))
    system = [ChatLine(role="system", content=source.personality)] if source.personality else []
    return Prompt(lines=(*system, *lines), answer="\n\n".join(parts), people=source.people)


def _asked_at(source: AnswerSource) -> int:
    """The instant at which the messages said what the answer was made from.

    An edit of the question counts if the answer changed after it: else the answer is to what was said before. Where it
    was asked again, whatever was edited until that answer counts.
    """
    if source.is_asked_again:
        return source.answer[0].at_ms
    asked = max((kept.at_ms for kept in source.question), default=0)
    edits = [former.until_ms for kept in source.question for former in kept.formers]
    renewed = max((former.until_ms for kept in source.answer for former in kept.formers), default=0)
    return max([asked, *(edit for edit in edits if edit <= renewed)])


def _lines(said: Sequence[tuple[KeptMessage, str]], source: AnswerSource) -> Iterator[list[ChatLine]]:
    """Each message; in a group with who wrote it, by a number: the first person is who asked."""
    numbers = {source.asker: 1}
    was_due = False
    for kept, text in said:
        if kept.role == "assistant":
            noted = [ChatLine(role="user", content=DUE)] if kept.is_due and not was_due else []
            yield [*noted, ChatLine(role="assistant", content=text)]
        elif source.is_private:
            yield [ChatLine(role="user", content=text)]
        else:
            number = numbers.setdefault(kept.author, len(numbers) + 1)
            # Further lines are indented, so that no text looks as if somebody else began to speak in it.
            told = text.replace("\n", "\n  ")
            yield [ChatLine(role="user", content=f"person {number}: {told}")]
        was_due = kept.is_due


def _in_turns(lines: list[ChatLine]) -> Iterator[ChatLine]:
    """Neighbours of one role as one message, the user first: templates of many models refuse all else."""
    if lines[0]["role"] == "assistant":
        lines = [ChatLine(role="user", content=EARLIER), *lines]
    for role, run in groupby(lines, key=lambda line: line["role"]):
        yield ChatLine(role=role, content="\n".join(line["content"] for line in run))
