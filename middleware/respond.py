"""The innermost layer: asks the responder; what takes a while within a time limit, and until somebody says stop."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import ClassVar

from middleware.answering import LONGEST, Answering, Writing
from middleware.failures import MiddlewareError
from middleware.markdown.growing import settled
from middleware.replies.splitting import is_visible
from middleware.responder import ANSWERABLE, TIMED_OUT, Abilities, Responder, ResponderFailed, Response, wants_answer
from middleware.texts import say
from middleware.turn import RECORDED, CallNext, Kind, Outcome, Reply, Turn
from storage.tables.runs import DEFAULT_PROFILE
from storage.tables.stop_marks import StopMarks


class RunUnanswered(MiddlewareError):
    """A run got no answer."""


TOLD = ("cut", "length")
"""Why an answer is not the whole, where whoever asked is told."""
MOST_SETTLED = 32_000
"""Characters of a stopped answer that may be sent as messages; a longer one is a file, of what was written."""
OpenStage = Callable[[Turn], AbstractAsyncContextManager[Callable[[str], None]]]
"""Opens a place where an unfinished answer is shown. When it is closed, nothing more will be shown there."""


def _nowhere(turn: Turn) -> AbstractAsyncContextManager[Callable[[str], None]]:
    return nullcontext(turn.show)


@dataclass(frozen=True, slots=True)
class Respond:
    """Answers what is addressed to us. `timeout_s` bounds every call that may hang, so that it frees its slot."""

    kinds: ClassVar[frozenset[Kind]] = ANSWERABLE

    responder: Responder
    abilities: Abilities
    name: str
    timeout_s: float
    answering: Answering
    marks: StopMarks
    fingerprint: Callable[[str], str | None]
    """Of the personality's text."""
    stage: OpenStage = _nowhere

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Turns that nobody is to answer go on to the chain's end, where they count as recorded."""
        if self.abilities.is_listener or not wants_answer(turn):
            return await call_next(turn)
        profile_id = turn.origin.profile_id or DEFAULT_PROFILE
        personality = self.fingerprint(turn.context.personality)
        turn.origin = replace(turn.origin, responder=self.name, profile_id=profile_id, personality=personality)
        if await self._was_stopped(turn):
            return self._stop(turn, "")
        before = len(turn.effects)
        try:
            if self.abilities.is_immediate:
                return _outcome(turn, await self.responder.respond(turn))
            with self.answering.of(turn) as writing:
                answer = await self._write(turn, writing)
        except (TimeoutError, ResponderFailed) as error:
            if turn.run is not None:  # nobody is there to ask again; the run is tried again instead
                raise RunUnanswered(_explain(error)[0]) from error
            del turn.effects[before:]
            reason, said = _explain(error)
            return Outcome(status="failed", reason=reason, replies=(Reply(text=said),))
        if not writing.ended:
            return _outcome(turn, answer)
        del turn.effects[before:]
        if writing.ended == "stopped":
            return self._stop(turn, writing.said)
        turn.origin = replace(turn.origin, ended="length")
        return _outcome(turn, Reply(text=writing.said, markdown=True, rateable=True))

    async def _was_stopped(self, turn: Turn) -> bool:
        """True if an earlier try was stopped, and its end not committed: only what has begun is ever marked."""
        return turn.may_be_begun and await self.marks.has(turn.id)

    async def _write(self, turn: Turn, writing: Writing) -> Response:
        async with self.stage(turn) as show:
            turn.show = writing.shown_by(show)
            async with asyncio.timeout(self.timeout_s):
                return await writing.unless_ended(self.responder.respond(turn))

    def _stop(self, turn: Turn, said: str) -> Outcome:
        """What was said so far is the answer, without half a mark at its end, or that nothing was.

        The mark goes with the turn.
        """
        turn.record(self.marks.remove(turn.id))
        turn.origin = replace(turn.origin, ended="stopped")
        readable = settled(said) if len(said) <= MOST_SETTLED else said
        if is_visible(readable):
            return _outcome(turn, Reply(text=readable, markdown=True, rateable=True))
        return Outcome(status="answered", reason="stopped", replies=(Reply(text=say("answer.stopped")),))


def _outcome(turn: Turn, answer: Response) -> Outcome:
    """Answered with this; one that is too long ends where nobody would read on.

    That it is not the whole says a message of its own: what a responder's message holds are its words alone.
    """
    replies = [reply for reply in _replies(answer) if reply.text or reply.document is not None]
    if not replies:
        return RECORDED
    if any(len(reply.text) > LONGEST for reply in replies):
        turn.origin = replace(turn.origin, ended="length")
    if turn.origin.ended in TOLD:
        note = say("model.cut" if turn.origin.ended == "cut" else "answer.length")
        replies.append(Reply(text=note, by="polar"))
    if (usd := _usd(turn)) is not None:
        turn.origin = replace(turn.origin, usd=usd)
    said = tuple(_said(reply, joins=number > 0) for number, reply in enumerate(replies))
    return Outcome(status="answered", reason=turn.origin.ended, replies=said)


def _said(reply: Reply, *, joins: bool) -> Reply:
    """It as far as anybody would read it, its words the responder's unless it says otherwise."""
    if reply.by is not None and reply.joins == joins and len(reply.text) <= LONGEST:
        return reply
    return replace(reply, text=reply.text[:LONGEST], by=reply.by or "responder", joins=joins)


def _replies(answer: Response) -> tuple[Reply, ...]:
    match answer:
        case None:
            return ()
        case str():
            return (Reply(text=answer, rateable=True, by="responder"),)
        case Reply():
            return (answer,)
    return answer


def _usd(turn: Turn) -> float | None:
    """What its calls cost, to the billionth; None where there were none, or nobody knows."""
    spent = turn.spent_usd
    return round(spent, 9) if math.isfinite(spent) and spent > 0 else None


def _explain(error: TimeoutError | ResponderFailed) -> tuple[str, str]:
    if isinstance(error, ResponderFailed):
        return error.reason, error.said
    return TIMED_OUT, say("answer.slow")
