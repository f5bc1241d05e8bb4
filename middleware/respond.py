"""The innermost layer: asks the responder; what takes a while within a time limit, and until somebody says stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import ClassVar

from middleware.answering import LONGEST, Answering, Writing
from middleware.failures import MiddlewareError
from middleware.responder import ANSWERABLE, Abilities, Responder, ResponderFailed, unfinished, wants_answer
from middleware.texts import say
from middleware.turn import CallNext, Kind, Outcome, Reply, Turn
from storage.tables.runs import DEFAULT_PROFILE
from storage.tables.stop_marks import StopMarks


class RunUnanswered(MiddlewareError):
    """A run got no answer."""


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
    stage: OpenStage = _nowhere

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Turns that nobody is to answer go on to the chain's end, where they count as recorded."""
        if not wants_answer(turn):
            return await call_next(turn)
        profile_id = turn.origin.profile_id or DEFAULT_PROFILE
        turn.origin = replace(turn.origin, responder=self.name, profile_id=profile_id)
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
            # The apology is ours: nobody is to take it for what the responder said.
            turn.origin = replace(turn.origin, responder=None)
            reason, said = _explain(error)
            return Outcome(status="failed", reason=reason, replies=(Reply(text=said),))
        if not writing.ended:
            return _outcome(turn, answer)
        del turn.effects[before:]
        if writing.ended == "stopped":
            return self._stop(turn, writing.said)
        return _outcome(turn, Reply(text=writing.said, markdown=True, rateable=True), is_cut=True)

    async def _was_stopped(self, turn: Turn) -> bool:
        """True if an earlier try was stopped, and its end not committed: only what has begun is ever marked."""
        return turn.may_be_begun and await self.marks.has(turn.id)

    async def _write(self, turn: Turn, writing: Writing) -> str | Reply | None:
        async with self.stage(turn) as show:
            turn.show = writing.shown_by(show)
            async with asyncio.timeout(self.timeout_s):
                return await writing.unless_ended(self.responder.respond(turn))

    def _stop(self, turn: Turn, said: str) -> Outcome:
        """What was said so far is the answer, or that nothing was; the mark goes with the turn."""
        turn.record(self.marks.remove(turn.id))
        is_begun = bool(said.strip())
        if not is_begun:
            turn.origin = replace(turn.origin, responder=None)
        reply = Reply(text=said, markdown=True, rateable=True) if is_begun else Reply(text=say("answer.stopped"))
        return Outcome(status="answered", reason="stopped", replies=(reply,))


def _outcome(turn: Turn, answer: str | Reply | None, *, is_cut: bool = False) -> Outcome:
    """Answered with this; one that is too long ends where nobody would read on."""
    reply = answer if isinstance(answer, Reply) else Reply(text=answer or "", rateable=True)
    if is_cut or len(reply.text) > LONGEST:
        turn.origin = replace(turn.origin, ended="length")
        reply = replace(reply, text=unfinished(reply.text[:LONGEST], say("answer.length")))
    if not reply.text and reply.document is None:
        return Outcome(status="recorded")
    return Outcome(status="answered", reason=turn.origin.ended, replies=(reply,))


def _explain(error: TimeoutError | ResponderFailed) -> tuple[str, str]:
    if isinstance(error, ResponderFailed):
        return error.reason, error.said
    return "responder timed out", say("answer.slow")
