"""What may be shown of a failure: where it was and its type; its words only where Python itself has put them.

One rule for the log, for what is kept with what was set aside, and for what is sent to who collects failures: see
docs/adr/0034-what-is-shown-of-a-failure.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from traceback import FrameSummary, StackSummary, walk_tb
from types import TracebackType
from typing import Literal

from bot import home

SAID_BY_PYTHON = (TypeError, AttributeError, NameError, UnboundLocalError, ImportError, ModuleNotFoundError)
"""The types whose words are about the code. Not what is derived of them elsewhere: that may quote a person."""
MOST_ERRORS = 8
"""The errors of a chain, or of groups, that are told of."""
FIRST_FRAMES, LAST_FRAMES = 5, 15
"""The frames of one error that are told of, where it has more."""
OUR_LAST_FRAMES = 3
LONGEST = 500
"""The longest line of source, or words of an error."""

Link = Literal["cause", "context", "part", "error"]
"""An error's place in a chain: the cause of the next one, what the next one was raised while handling, one of a group,
or what was raised in the end."""
_BETWEEN: dict[Link, str] = {
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
    "part": "The above exception is one of the following group:",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A place that a failure went through; the file is named as it is imported, from the folder that modules are in."""

    file: str
    line: int
    function: str
    source: str


@dataclass(frozen=True, slots=True)
class ToldError:
    """One error of a chain, as far as it may be shown; without `words` where these may be a person's."""

    link: Link
    name: str
    words: str
    frames: tuple[Step, ...]


def errors_of(error: BaseException, *, is_whole: bool = False) -> list[ToldError]:
    """An error and those that led to it, in the order in which they were raised; all words where `is_whole`."""
    return list(_walk(error, "error", is_whole, set()))


def text_of(error: BaseException, *, is_whole: bool = False) -> str:
    """The same as text, in the form that Python has for it."""
    return "\n".join(_lines(errors_of(error, is_whole=is_whole)))


def _walk(error: BaseException, link: Link, is_whole: bool, seen: set[int]) -> Iterator[ToldError]:
    seen.add(id(error))  # a chain may bite its own tail
    before: list[tuple[BaseException | None, Link]] = [(error.__cause__, "cause")]
    if error.__cause__ is None and not error.__suppress_context__:
        before = [(error.__context__, "context")]
    if isinstance(error, BaseExceptionGroup):
        before += [(part, "part") for part in error.exceptions]
    for earlier, its_link in before:
        if earlier is not None and id(earlier) not in seen and len(seen) < MOST_ERRORS:
            yield from _walk(earlier, its_link, is_whole, seen)
    words = _one_line(_said(error)) if is_whole or type(error) in SAID_BY_PYTHON else ""
    yield ToldError(link, _name(type(error)), words, tuple(map(_step, _told(error.__traceback__))))


def _name(kind: type[BaseException]) -> str:
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an error of anybody's, which must not hide what it tells of
        return ""


def _told(traceback: TracebackType | None) -> list[FrameSummary]:
    """Of a way through the layers, which all hand on, only who called what is not ours, and its last steps."""
    stack = StackSummary.extract(walk_tb(traceback), lookup_lines=False)
    ours = [*map(_is_ours, stack), True]
    last = len(stack) - OUR_LAST_FRAMES
    told = [frame for n, frame in enumerate(stack) if n >= last or not ours[n] or not ours[n + 1]]
    return told if len(told) <= FIRST_FRAMES + LAST_FRAMES else told[:FIRST_FRAMES] + told[-LAST_FRAMES:]


def _is_ours(frame: FrameSummary) -> bool:
    path = frame.filename.removeprefix(f"{home.ROOT}{os.sep}")
    return path != frame.filename and path.partition(os.sep)[0] in home.PACKAGES


def _step(frame: FrameSummary) -> Step:
    return Step(_file(frame.filename), frame.lineno or 0, frame.name, _one_line(frame.line or ""))


def _file(path: str) -> str:
    folders = (f"{folder}{os.sep}" for folder in sorted(filter(None, sys.path), key=len, reverse=True))
    return next((path.removeprefix(folder) for folder in folders if path.startswith(folder)), path)


def _one_line(text: str) -> str:
    """What can neither forge a line nor be impossible to store."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST])
    return line if len(text) <= LONGEST else f"{line}…"


def _lines(errors: Iterable[ToldError]) -> Iterator[str]:
    for error in errors:
        if error.frames:
            yield "Traceback (most recent call last):"
        for frame in error.frames:
            yield f'  File "{frame.file}", line {frame.line}, in {frame.function}'
            if frame.source:
                yield f"    {frame.source}"
        yield f"{error.name}: {error.words}" if error.words else error.name
        if error.link in _BETWEEN:
            yield from ("", _BETWEEN[error.link], "")
