"""The innermost layer: asks the responder, within a time limit, and until somebody says stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace

from middleware.answering import LONGEST, Answering, Writing
from middleware.failures import MiddlewareError
from middleware.responder import Abilities, Responder, ResponderFailed, unfinished, wants_answer
from middleware.texts import say
from middleware.turn import CallNext, Outcome, Reply, Turn
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
        before = len(turn.effects)
        try:
            with self.answering.of(turn) as writing:
                answer = await self._answer(turn, writing)
        except (TimeoutError, ResponderFailed) as error:
            if turn.run is not None:  # nobody is there to ask again; the run is tried again instead
                raise RunUnanswered(_explain(error)[0]) from error
            del turn.effects[before:]
            reason, said = _explain(error)
            return Outcome(status="failed", reason=reason, replies=(Reply(text=said),))
        if writing.ended == "stopped":
            del turn.effects[before:]
            turn.record(self.marks.remove(turn.id))
            return Outcome(status="answered", reason="stopped", replies=(stopped(writing),))
        if writing.ended:
            del turn.effects[before:]
            answer = Reply(text=writing.said, markdown=True, rateable=True)
        reply = Reply(text=answer or "", rateable=True) if not isinstance(answer, Reply) else answer
        if writing.ended or len(reply.text) > LONGEST:
            turn.origin = replace(turn.origin, ended="length")
            reply = replace(reply, text=unfinished(reply.text[:LONGEST], say("answer.length")))
        if not reply.text and reply.document is None:
            return Outcome(status="recorded")
        return Outcome(status="answered", reason=turn.origin.ended, replies=(reply,))

    async def _answer(self, turn: Turn, writing: Writing) -> str | Reply | None:
        if turn.run is None and await self.marks.has(turn.id):  # before a crash, of which the person knows nothing
            writing.end("stopped")
            return None
        if self.abilities.is_immediate:
            return await self.responder.respond(turn)
        async with self.stage(turn) as show:
            turn.show = writing.shown_by(show)
            async with asyncio.timeout(self.timeout_s):
                return await writing.unless_ended(self.responder.respond(turn))


def stopped(writing: Writing) -> Reply:
    """A reply with what was said so far, or that nothing was."""
    if writing.said.strip():
        return Reply(text=writing.said, markdown=True, rateable=True)
    return Reply(text=say("answer.stopped"))


def _explain(error: TimeoutError | ResponderFailed) -> tuple[str, str]:
    if isinstance(error, ResponderFailed):
        return error.reason, error.said
    return "responder timed out", say("answer.slow")
