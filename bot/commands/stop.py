"""/stop: end the answer that is being written."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.answering import Answering
from middleware.commands import Command
from middleware.texts import say
from middleware.turn import Clock, Level, Outcome, Turn
from storage.database import Database
from storage.tables.stop_marks import StopMarks


@dataclass(frozen=True, slots=True)
class StopCommand:
    """Ends an answer where it is; what was said so far is kept."""

    answering: Answering
    database: Database
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """The one command."""
        return (Command(name="stop", handler=self.stop, is_bare=True),)

    async def stop(self, turn: Turn, argument: str) -> Outcome:
        """Only for whoever asked, and for operators. The answer itself says that it was stopped."""
        writing = self.answering.find(turn)
        if writing is None:
            return Outcome.answer(say("answer.none"))
        if writing.user_id != turn.user_id and turn.level < Level.OPERATOR:
            return Outcome(
                status="denied", reason="another's answer", replies=Outcome.answer(say("answer.foreign")).replies
            )
        # Marked first: after a crash the same turn must not begin its answer anew.
        await self.database.commit(StopMarks.add(writing.turn_id, now_ms=self.clock()))
        if self.answering.find(turn) is not writing:  # it came to its end by itself meanwhile
            turn.record(StopMarks.remove(writing.turn_id))
            return Outcome.answer(say("answer.none"))
        writing.end("stopped")
        return Outcome(status="recorded", reason="stopped")
