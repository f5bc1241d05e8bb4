"""Diagnoses as they are shown: on a terminal, to programs, and in the chat."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.doctor.diagnosis import Diagnosis, Verdict, tally
from middleware.texts import say, say_count
from storage.text import printable

_TAGS: Mapping[Verdict, str] = {"ok": "ok", "warning": "warn", "failed": "FAIL", "not known": "?"}
_SIGNS: Mapping[Verdict, str] = {"failed": "❌", "warning": "⚠️", "not known": "❔"}
_COUNTED: Mapping[Verdict, str] = {"ok": "ok", "warning": "warning", "failed": "failed", "not known": "not_known"}
TITLE = 12
"""Characters of the longest title."""
MOST_WIDE = 100


def terminal_lines(diagnosis: Diagnosis, *, width: int) -> Iterator[str]:
    """The verdict, the title and the evidence, then the remedy, none of them wider than the terminal."""
    margin = " " * (TITLE + 8)
    first = f"{_TAGS[diagnosis.verdict]:<4}  {diagnosis.title:<{TITLE}}  "
    width = min(width, MOST_WIDE)
    yield from _wrapped(diagnosis.evidence, first, margin, width)
    if diagnosis.remedy:
        yield from _wrapped(diagnosis.remedy, f"{margin}-> ", f"{margin}   ", width)


def _wrapped(text: str, first: str, margin: str, width: int) -> list[str]:
    # Nothing is cut within a word: a command or a path is to be copied.
    return textwrap.wrap(
        printable(text),
        width,
        initial_indent=first,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )


def summary(diagnoses: Sequence[Diagnosis]) -> str:
    """One line: how many there are of each verdict."""
    counts = tally(diagnoses)
    told = [say(f"doctor.count.{_COUNTED[verdict]}", count=count) for verdict, count in counts.items() if count]
    return say("doctor.summary", checks=say_count("doctor.checks", len(diagnoses)), counts=", ".join(told))


def as_fact(diagnosis: Diagnosis) -> dict[str, Any]:
    """For programs: `check`, `outcome` and `found` keep their names, whatever language the texts are in."""
    return {
        "check": diagnosis.check,
        "outcome": diagnosis.verdict,
        "found": diagnosis.found,
        "evidence": diagnosis.evidence,
        "remedy": diagnosis.remedy or None,
    }


def chat_text(diagnoses: Sequence[Diagnosis]) -> str:
    """What is not well in full, the worst first; of all else only the names."""
    said = [say("doctor.title", summary=summary(diagnoses))]
    for verdict, sign in _SIGNS.items():
        for diagnosis in (each for each in diagnoses if each.verdict == verdict):
            words = {"title": diagnosis.title, "evidence": diagnosis.evidence, "remedy": diagnosis.remedy}
            said.append(say("doctor.line", sign=sign, **words))
    well = dict.fromkeys(diagnosis.title for diagnosis in diagnoses if diagnosis.verdict == "ok")
    if well:
        said.append(say("doctor.well", names=", ".join(well)))
    return "\n\n".join(said)
