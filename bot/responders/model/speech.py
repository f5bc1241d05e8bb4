"""What a model says, without its thoughts, its calls, and the tokens that only its server should have seen.

A tag counts unless the text speaks about it: in code, between quotation marks, in the middle of a sentence. What
begins a thought counts at the beginning of the answer, or of a line and then only if the thought ends. The end of a
thought that nothing began makes a thought of all before it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from bot.responders.model import tags
from bot.responders.model.calls import LONGEST_CALL, MOST_CALLS, EndlessCall, ToolCall
from bot.responders.model.surroundings import Surroundings
from bot.responders.model.written import read_calls

Meaning = Literal["text", "thought", "answer", "call", "header", "foreign", "control"]
_STEP = 4096
"""Characters that are looked at in one go, so that the work grows no faster than the text."""
_FAR = 8
"""Blanks after which nothing is looked for any more."""
_NEXT = re.compile(rf"\s{{0,{_FAR}}}")
_BODY = ("{", "[", "<")


@dataclass(slots=True)
class Hidden:
    """A part that is not shown, while it lasts.

    closers: the tags that end it; without any it goes on to the end. may_be_said: its text is kept, as it is said,
    behind the tag that began it, if the one that ends it never comes.
    """

    kind: Literal["thought", "call", "header", "foreign"]
    closers: AbstractSet[str] = frozenset()
    tag: str = ""
    text: str = ""
    may_be_said: bool = False
    depth: int = 1
    around: Surroundings = field(default_factory=Surroundings)

    @property
    def is_function(self) -> bool:
        """True where the tag names the function that is called."""
        return self.tag.lower().startswith(tags.FUNCTION)

    def add(self, text: str) -> None:
        """It goes on. Raises EndlessCall."""
        self.around.go_on(text)
        if self.kind == "call" or self.may_be_said:
            self.text += text
        if len(self.text) > LONGEST_CALL:
            if self.kind == "call":
                raise EndlessCall
            self.text, self.may_be_said = "", False


@dataclass(slots=True)
class Speech:
    """The text so far, as it can be shown: what may yet become a tag is not in it."""

    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    _rest: str = ""
    _around: Surroundings = field(default_factory=Surroundings)
    _hidden: Hidden | None = None
    _has_hidden: bool = False
    _has_thought: bool = False
    _spoken_of: Counter[str] = field(default_factory=Counter)
    """What ends the tags that were only spoken about, and so ends nothing."""

    def feed(self, piece: str) -> None:
        """Go on with a piece, wherever it was cut. Raises EndlessCall."""
        for begin in range(0, len(piece), _STEP):
            self._rest += piece[begin : begin + _STEP]
            self._go_on(is_end=False)

    def end(self, *, is_cut: bool = False) -> None:
        """Nothing more comes: what waited is settled; of what was cut off, half a tag and half a thought go."""
        if is_cut and (half := tags.PARTIAL.search(self._rest)):
            self._rest = self._rest[: half.start()]
        self._go_on(is_end=True)
        hidden, self._hidden = self._hidden, None
        if hidden is not None:
            is_call = hidden.kind == "call" and (self._call(hidden) or hidden.text.lstrip().startswith(_BODY))
            is_gone = is_call or hidden.is_function or (is_cut and hidden.kind == "thought")
            if hidden.may_be_said and not is_gone:
                self._say(hidden.tag + hidden.text)

    def _go_on(self, *, is_end: bool) -> None:
        while self._rest:
            hidden = self._hidden
            if hidden is not None and hidden.kind == "header":
                is_done = self._read_header(is_end)
            else:
                is_done = self._speak(is_end) if hidden is None else self._hide(hidden, is_end)
            if not is_done:
                return

    def _pass(self, is_end: bool) -> tuple[str, str]:
        """What comes before the next tag, which is taken off the rest, and that tag, which is not."""
        tag = tags.TAG.search(self._rest)
        partial = None
        if tag is None and not is_end:
            partial = tags.PARTIAL.search(self._rest, max(0, len(self._rest) - tags.LONGEST_TAG))
        found = tag or partial
        before, self._rest = (self._rest[: found.start()], self._rest[found.start() :]) if found else (self._rest, "")
        return before, tag[0] if tag else ""

    def _speak(self, is_end: bool) -> bool:
        """Say what comes before the next tag, and act on it; False where more has to come first."""
        before, tag = self._pass(is_end)
        self._say(before)
        after = self._rest[len(tag) :]
        meaning = self._meaning(tag.lower(), after, is_end) if tag else None
        if meaning is not None:
            self._rest = after
            self._act(meaning, tag)
        return meaning is not None

    def _meaning(self, name: str, after: str, is_end: bool) -> Meaning | None:
        if name in tags.OPENERS:
            return "thought" if not self.text.strip() or self._around.is_line_start else "text"
        if name in tags.CALLS or name.startswith(tags.FUNCTION):
            return self._meaning_of_call(after, is_end)
        if name == tags.STRUCK and self.text.strip():
            return "text"
        if self._spoken_of[name]:
            return "text"
        about = self._around.speak_of(after, is_end)
        if about is None or about:
            return None if about is None else "text"
        if name in tags.CLOSERS:
            return "answer"
        return "header" if name in tags.HEADERS else "foreign" if name in tags.OTHERS else "control"

    def _meaning_of_call(self, after: str, is_end: bool) -> Meaning | None:
        """A call where its body follows, or where its line begins with it."""
        quoted = self._around.is_code or self._around.are_quotes(after, is_end)
        blanks = _NEXT.match(after)[0]  # type: ignore[index]
        is_far = len(blanks) == _FAR
        follows = "" if is_far else after[len(blanks) :]
        if quoted is None or not (follows or is_end or is_far):
            return None
        return "call" if not quoted and (self._around.is_line_start or follows.startswith(_BODY)) else "text"

    def _act(self, meaning: Meaning, tag: str) -> None:
        name = tag.lower()
        if meaning == "text":
            self._spoken_of[name] -= self._spoken_of[name] > 0
            self._spoken_of[tags.closer_of(name)] += 1
            self._say(tag)
            return
        self._has_hidden = True
        was_said = bool(self.text.strip())
        if meaning == "answer" and not self._has_thought:
            was_said, self._has_thought = False, True
        if not was_said:
            self.text, self._around = "", Surroundings()
        if meaning == "thought":
            self._hidden = Hidden("thought", tags.CLOSERS, tag, may_be_said=was_said)
        elif meaning == "call":
            closer = tags.FUNCTION_END if name.startswith(tags.FUNCTION) else tags.CALLS[name]
            self._hidden = Hidden("call", {closer}, tag, may_be_said=True)
        elif meaning == "header":
            self._hidden = Hidden("header")
        elif meaning == "foreign":
            self._hidden = Hidden("foreign", tags.HEADERS)

    def _hide(self, hidden: Hidden, is_end: bool) -> bool:
        """Pass over what is hidden, to the next tag; False where more has to come first."""
        before, tag = self._pass(is_end)
        hidden.add(before)
        if not tag:
            return False
        name, after = tag.lower(), self._rest[len(tag) :]
        step = (name in tags.OPENERS and hidden.closers is tags.CLOSERS) - (name in hidden.closers)
        quoted = hidden.around.are_quotes(after, is_end) if step and hidden.kind == "thought" else False
        if quoted is None:
            return False
        hidden.depth += 0 if quoted else step
        if hidden.depth == 0:
            self._close(hidden, tag)
            return True
        self._rest = after
        hidden.add(tag)
        if step < 0 and not quoted:
            hidden.tag, hidden.text, hidden.may_be_said = "", "", True
        return True

    def _close(self, hidden: Hidden, tag: str) -> None:
        """A hidden part has ended; a tag that begins the next one stays."""
        self._hidden = None
        if tag.lower() not in tags.HEADERS:
            self._rest = self._rest[len(tag) :]
        self._has_thought = self._has_thought or hidden.kind == "thought"
        if hidden.kind == "call":
            self._call(hidden)

    def _read_header(self, is_end: bool) -> bool:
        """Who speaks, or what kind it is; a text that only looks so is said."""
        text = self._rest[: tags.LONGEST_HEADER]
        end = tags.HEADER_END.search(text)
        if end is None and not is_end and len(text) < tags.LONGEST_HEADER:
            return False
        header, self._rest = text[: end.start() if end else None], self._rest[end.end() if end else len(text) :]
        kind = header.rpartition("<|channel|>")[2].strip().lower()
        self._hidden = None
        if (to := tags.RECIPIENT.search(header)) is not None:
            self._hidden = Hidden("call", tags.MESSAGE_ENDS, text=f"{to[1]} ")
        elif kind.startswith(tags.THINKING):
            self._hidden = Hidden("thought", tags.MESSAGE_ENDS)
        elif kind.startswith(tags.STRANGERS):
            self._hidden = Hidden("foreign", tags.HEADERS)
        elif kind and not kind.startswith(tags.SPEAKING):
            self._say(header + (end[0] if end and end[0].isspace() else ""))
        return True

    def _call(self, hidden: Hidden) -> bool:
        """Whether this is a call, which is noted then."""
        found = read_calls(hidden.tag * hidden.is_function + hidden.text)
        self.calls = (self.calls + found)[:MOST_CALLS]
        return bool(found)

    def _say(self, text: str) -> None:
        if self._has_hidden and not self.text:
            text = text.lstrip()
        self.text += text
        self._around.go_on(text)
