"""/stop: end the answer that is being written, and what of answers is still being sent."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.answering import Answering, Writing
from middleware.commands import Command
from middleware.kept import MemoryPress, MemoryVerb
from middleware.texts import say, say_count
from middleware.turn import Clock, Level, Outcome, Turn
from storage.database import Database
from storage.ids import received_message_id
from storage.statement import Statement
from storage.tables.deliveries import Deliveries
from storage.tables.memories import Memories
from storage.tables.messages import Messages
from storage.tables.stop_marks import StopMarks
from storage.views.waiting_answers import WaitingAnswer, waiting_answers


@dataclass(frozen=True, slots=True)
class StopCommand:
    """Ends an answer where it is; what was said so far is kept."""

    answering: Answering
    database: Database
    memories: Memories
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """The one command."""
        return (Command(name="stop", handler=self.stop, is_bare=True),)

    async def stop(self, turn: Turn, argument: str) -> Outcome:
        """Only for whoever asked, and for operators. The answer itself says that it was stopped."""
        unsent, others = await self._stop_sending(turn)
        writing = self.answering.find(turn)
        if writing is not None and _may_stop(turn, writing.user_id):
            if await self._stop_writing(turn, writing):
                return Outcome(status="recorded", reason="stopped")
        elif writing is not None:
            others += 1
        if unsent:
            return Outcome.answer(say_count("answer.unsent", unsent))
        if others:
            return Outcome(
                status="denied", reason="another's answer", replies=Outcome.answer(say("answer.foreign")).replies
            )
        return Outcome.answer(say("answer.none"))

    async def _stop_writing(self, turn: Turn, writing: Writing) -> bool:
        """False when it came to its end by itself meanwhile."""
        # Marked first: after a crash the same turn must not begin its answer anew.
        await self.database.commit(StopMarks.add(writing.turn_id, now_ms=self.clock()))
        if self.answering.find(turn) is not writing:
            turn.record(StopMarks.remove(writing.turn_id))
            return False
        writing.end("stopped")
        return True

    async def _stop_sending(self, turn: Turn) -> tuple[int, int]:
        """The number of messages that are not sent any more, and of those that are another's.

        Committed at once, so that what is told is true: meanwhile others may have gone out.
        """
        assert turn.incoming is not None
        waiting = await waiting_answers(
            self.database, turn.session_id, turn.place.topic_id, before=turn.incoming.telegram_message_id
        )
        own = [each for each in waiting if _may_stop(turn, each.asked_by)]
        now_ms = self.clock()
        stops = [Deliveries.stop(each.delivery_id, now_ms=now_ms) for each in own]
        taken_back = [s for each in own for s in Messages.take_back_unsent(each.delivery_id, now_ms=now_ms)]
        unkept = [s for each in own for s in await self._unkept(turn, each)]
        rows = await self.database.commit(*stops, *taken_back, *unkept)
        return sum(map(len, rows[: len(own)])), len(waiting) - len(own)

    async def _unkept(self, turn: Turn, unsent: WaitingAnswer) -> tuple[Statement, ...]:
        """Of what a model had kept nothing stays that its person is not told; what they asked for themselves does."""
        told = [press for press in map(MemoryPress.parse, unsent.buttons) if press and press.verb is MemoryVerb.REALLY]
        if not told:
            return ()
        own = {"session_id": turn.session_id, "user_id": told[0].user_id}
        found = await self.memories.list_told_in(received_message_id(unsent.answers), **own)
        let_go = [press.memory_id for press in told if press.memory_id in found]
        return tuple(statement for each in let_go for statement in self.memories.remove(each, **own))


def _may_stop(turn: Turn, asked_by: str | None) -> bool:
    return asked_by == turn.user_id or turn.level >= Level.OPERATOR
