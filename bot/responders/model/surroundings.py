"""What stands around a tag: whether the text uses it, or speaks about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUOTES = "`'\"“”‘’«»„()"
_FENCES = ("```", "~~~")
_ENDS_OF_SENTENCES = ".!?:…。！？"
_FOLLOWS_A_WORD = ".,;:!?"
_FAR = 8
"""Blanks after which nothing is looked for any more."""
_BLANKS = re.compile(rf"[ \t]{{0,{_FAR}}}")
_HEAD = 16
"""Characters of a line that say whether it begins or ends a block of code."""


@dataclass(slots=True)
class Surroundings:
    """The line that has begun, and whether it stands in a block of code; of the text nothing else is kept."""

    _fence: str = ""
    _head: str = ""
    _last: str = ""
    _last_sign: str = ""
    _ticks: int = 0

    def go_on(self, text: str) -> None:
        """The text goes on with this."""
        *lines, rest = text.split("\n")
        for line in lines:
            self._add(line)
            self._end_line()
        self._add(rest)

    @property
    def is_line_start(self) -> bool:
        """True if there is nothing before on the line, and it is no code."""
        return not (self._last_sign or self._fence) and len(self._head) < 4

    @property
    def is_code(self) -> bool:
        """True in a block of code, and behind a backtick."""
        return bool(self._fence) or self._head.lstrip().startswith(_FENCES) or self._ticks % 2 == 1

    def are_quotes(self, after: str, is_end: bool) -> bool | None:
        """Whether what stands here is between quotation marks; None where more has to come first."""
        if self._last not in _QUOTES or not self._last:
            return False
        return after[0] in _QUOTES if after else False if is_end else None

    def speak_of(self, after: str, is_end: bool) -> bool | None:
        """Whether what stands here, before `after`, is spoken about; None where more has to come first."""
        if self.is_code:
            return True
        if self._last in _QUOTES:
            return self.are_quotes(after, is_end)
        if not self._last.isspace() or self._last_sign in _ENDS_OF_SENTENCES:
            return False
        blanks = _BLANKS.match(after)[0]  # type: ignore[index]
        follows = after[len(blanks) :][:1] if len(blanks) < _FAR else "\n"
        if not follows:
            return False if is_end else None
        return follows not in "<\r\n" and (bool(blanks) or follows in _FOLLOWS_A_WORD)

    def _add(self, text: str) -> None:
        if text:
            self._head = (self._head + text)[:_HEAD]
            self._ticks += text.count("`")
            self._last = text[-1]
            self._last_sign = text.rstrip()[-1:] or self._last_sign

    def _end_line(self) -> None:
        begins = self._head.lstrip()[:3]
        if begins in _FENCES and self._fence in ("", begins):
            self._fence = "" if self._fence else begins
        self._head = self._last = self._last_sign = ""
        self._ticks = 0
