"""/feedback: what people thought of what we said here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from middleware.commands import Command, UsageError
from middleware.turn import Outcome, Turn
from storage.feedback import Feedback, FeedbackEvent

SHOWN = 10
_SIGNS = {"reaction_added": "+", "reaction_removed": "−", "reaction_count": "="}


@dataclass(frozen=True, slots=True)
class FeedbackCommands:
    """The ledger of this chat."""

    feedback: Feedback

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(
                name="feedback",
                summary="the newest reactions in this chat",
                usage="feedback recent",
                example="feedback recent",
                handler=self.run,
            ),
        )

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """The totals, then the newest events."""
        if argument.lower() not in ("", "recent"):
            raise UsageError("I only know “recent” here.")
        events = await self.feedback.list_recent(turn.session_id, limit=SHOWN)
        if not events:
            return Outcome.answer("No reactions here yet.")
        totals = await self.feedback.totals(turn.session_id)
        head = f"{totals.positive} positive, {totals.negative} negative, {totals.neutral} neutral"
        return Outcome.answer("\n".join([head, *(_line(event) for event in events)]))


def _line(event: FeedbackEvent) -> str:
    at = datetime.fromtimestamp(event.created_at_ms / 1000, UTC)
    what = event.emoji or "".join(f"{total['emoji']} {total['count']} " for total in event.payload.get("totals", ()))
    via = " by button" if event.payload.get("via") == "button" else ""
    return f"{_SIGNS.get(event.type, '')}{what or 'custom emoji'} on {event.message_id}{via}, {at:%m-%d %H:%M}"
