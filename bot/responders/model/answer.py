"""An answer as it arrives."""

from __future__ import annotations

import logging
import math
import re
from contextlib import suppress
from dataclasses import dataclass, field

from bot.responders.model.calls import LONGEST_CALL, CallPiece, EndlessCall, ToolCall, add, paired
from bot.responders.model.frames import Delta
from bot.responders.model.prices import Usage
from bot.responders.model.speech import Speech
from bot.responders.model.tokens import SIXTHS, sixths
from bot.responders.model.usage import usage_of
from bot.responders.model.written import is_half_call, may_be_call, whole_calls
from storage.text import clean

log = logging.getLogger("polar.model")

ENDS = {
    "stop": "stop tool_calls function_call end_turn stop_sequence tool_use tool_call eos complete completed",
    "length": "length max_tokens model_length max_output_tokens",
    "content_filter": "content_filter safety refusal sensitive",
}
"""Regular ends, each with the names by which endpoints tell it; any other is none."""
_MEANINGS = {name: meaning for meaning, names in ENDS.items() for name in names.split()}
_CODE = re.compile(r"\w{1,40}", re.ASCII)
_HIGH = re.compile("[\ud800-\udbff]\\Z")


@dataclass(slots=True)
class ModelAnswer:
    """The result of one call so far. It is read whatever becomes of the call, so that its cost is known."""

    offered: tuple[str, ...] = ()
    """The names of the tools that may be called."""
    calls: list[ToolCall] = field(default_factory=list)
    model: str = ""
    finish: str | None = None
    """How it ended: stop, length or content_filter; None as long as it did not, or not regularly."""
    refused: bool = False
    usage: Usage | None = None
    was_sent: bool = False
    """True if the endpoint may charge for it: not if it refused, or could not be reached."""
    _speech: Speech = field(default_factory=Speech)
    _half: str = ""
    """A surrogate whose other half is in the next frame."""
    _sixths_said: int = 0
    _sixths_beside: int = 0
    _reason: str = ""
    _is_done: bool = False
    _is_over: bool = False

    @property
    def text(self) -> str:
        """What was said, as far as it may be shown."""
        said = self._speech.text
        is_hidden = not self._is_over and bool(self.offered) and may_be_call(said, self.offered)
        return "" if is_hidden and said.strip() else said

    @property
    def arrived_tokens(self) -> int:
        """An estimate of all that the model made, thoughts and calls too."""
        return math.ceil((self._sixths_said + self._sixths_beside) / SIXTHS)

    def take(self, delta: Delta) -> None:
        """Add what a frame brings. Raises EndlessCall."""
        if delta.is_whole and delta.text:
            self._speech, self._half, self._sixths_said = Speech(), "", 0
        self._hear(delta.text)
        self._sixths_said += sixths(delta.text)
        self._sixths_beside += sixths(delta.thought)
        for piece in delta.calls:
            self._add(piece)
        self.usage = usage_of(delta.usage, self.usage)
        self.model = clean(delta.model)[:100] or self.model
        self.refused = self.refused or delta.is_refused
        self._reason = delta.finish or self._reason
        self._is_done = self._is_done or delta.is_end

    def end(self) -> None:
        """Nothing more comes: what waited is settled."""
        self._is_over, self.finish = True, self._finish()
        with suppress(EndlessCall):
            self._hear("", is_end=True)
            self._speech.end(is_cut=self.finish != "stop")
        self.calls += self._speech.calls
        said = self._speech.text
        self.calls += (whole := whole_calls(said, self.offered))
        if whole or (self.finish != "stop" and self.offered and is_half_call(said, self.offered)):
            self._speech = Speech()
        for call in self.calls:
            call.id, call.name, call.arguments = (clean(paired(t)) for t in (call.id, call.name, call.arguments))

    def _finish(self) -> str | None:
        if not self._reason:
            return "stop" if self._is_done else None
        if (meaning := _MEANINGS.get(self._reason.lower())) is None:
            told = self._reason if _CODE.fullmatch(self._reason) else "something that is no code"
            log.warning("the endpoint ended an answer with %s", told)
        return meaning

    def _hear(self, piece: str, *, is_end: bool = False) -> None:
        """The text goes on; a character may have come in two halves."""
        text = paired(self._half + piece)
        half = None if is_end else _HIGH.search(text)
        self._half = half[0] if half else ""
        self._speech.feed(clean(text[: half.start()] if half else text))
        if len(self._speech.text) > LONGEST_CALL and not self.text:
            raise EndlessCall

    def _add(self, piece: CallPiece) -> None:
        add(self.calls, piece)
        self._sixths_beside += sixths(piece.arguments)
