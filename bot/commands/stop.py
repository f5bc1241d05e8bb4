"""/stop: end the answer that is being written, and what of answers is still being sent."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.answering import Answering, Writing
from middleware.commands import Command
from middleware.texts import say, say_count
from middleware.turn import Clock, Level, Outcome, Turn
from storage.database import Database
from storage.tables.deliveries import Deliveries
from storage.tables.messages import Messages
from storage.tables.stop_marks import StopMarks


@dataclass(frozen=True, slots=True)
class StopCommand:
    """Ends an answer where it is; what was said so far is kept."""

    answering: Answering
    database: Database
    deliveries: Deliveries
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
        waiting = await self.deliveries.list_answers(
            turn.session_id, turn.place.topic_id, before=turn.incoming.telegram_message_id
        )
        own = [delivery_id for delivery_id, asked_by in waiting if _may_stop(turn, asked_by)]
        now_ms = self.clock()
        stops = [Deliveries.stop(delivery_id, now_ms=now_ms) for delivery_id in own]
        taken_back = [each for delivery_id in own for each in Messages.take_back_unsent(delivery_id, now_ms=now_ms)]
        rows = await self.database.commit(*stops, *taken_back)
        return sum(map(len, rows[: len(own)])), len(waiting) - len(own)


def _may_stop(turn: Turn, asked_by: str | None) -> bool:
    return asked_by == turn.user_id or turn.level >= Level.OPERATOR
