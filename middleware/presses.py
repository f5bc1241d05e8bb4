"""Answers to presses of buttons: a toast over the chat, and what is sent besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from middleware.incoming import Press
from middleware.texts import say, shorten
from middleware.turn import CallNext, Kind, Outcome, OutcomeStatus, Toast, Turn

_MAX_TOAST = 190


def with_toast(turn: Turn, text: str, outcome: Outcome | None = None, *, status: OutcomeStatus = "answered") -> Outcome:
    """An answer to a press: the toast, and what is sent besides."""
    assert turn.press is not None
    toast = Toast(turn.press.query_id, shorten(text, _MAX_TOAST))
    sent = outcome.replies if outcome is not None else ()
    return Outcome(status=status, replies=(toast, *sent))


def stale(press: Press) -> Outcome:
    """A press that nothing follows from any more."""
    toast = Toast(press.query_id, say("button.out_of_date"))
    return Outcome(status="ignored", reason="stale button", replies=(toast,))


@dataclass(frozen=True, slots=True)
class InlinePresses:
    """Ends the waiting of whoever pressed a button under a message sent through inline mode, which we have none of."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"button"})

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """With an empty toast; nothing else is kept of it."""
        if turn.press is None or not turn.press.is_inline:
            return await call_next(turn)
        return Outcome(status="ignored", reason="inline", replies=(Toast(turn.press.query_id),), is_kept=False)
