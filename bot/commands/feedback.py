"""/feedback: what people thought of what we said here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from middleware.commands import Command, UsageError
from middleware.turn import Outcome, Turn
from storage.feedback import Feedback, FeedbackEvent, Grouping, Totals

SHOWN = 10
_GROUPINGS: dict[str, Grouping] = {
    "day": "day",
    "message": "message",
    "automation": "automation",
    "profile": "profile",
}
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
                summary="the reactions in this chat, the newest or in total",
                usage="feedback recent, by day, by message, by automation, by profile",
                example="feedback by day",
                handler=self.run,
            ),
        )

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """The newest events behind the totals, or the totals of each of something."""
        if argument.lower() in ("", "recent"):
            return await self._recent(turn)
        grouping = _GROUPINGS.get(argument.lower().removeprefix("by ").strip())
        if grouping is None:
            raise UsageError(f"I do not know “{argument[:40]}” here.")
        found = await self.feedback.totals_by(turn.session_id, grouping, limit=SHOWN)
        if not found:
            return Outcome.answer(f"No reactions here yet that belong to a {grouping}.")
        return Outcome.answer("\n".join(f"{label}: {_told(totals)}" for label, totals in found))

    async def _recent(self, turn: Turn) -> Outcome:
        events = await self.feedback.list_recent(turn.session_id, limit=SHOWN)
        if not events:
            return Outcome.answer("No reactions here yet.")
        totals = await self.feedback.totals(turn.session_id)
        return Outcome.answer("\n".join([_told(totals), *(_line(event) for event in events)]))


def _told(totals: Totals) -> str:
    return f"{totals.positive} positive, {totals.negative} negative, {totals.neutral} neutral"


def _line(event: FeedbackEvent) -> str:
    at = datetime.fromtimestamp(event.created_at_ms / 1000, UTC)
    what = event.emoji or "".join(f"{total['emoji']} {total['count']} " for total in event.payload.get("totals", ()))
    via = " by button" if event.payload.get("via") == "button" else ""
    return f"{_SIGNS.get(event.type, '')}{what or 'custom emoji'} on {event.message_id}{via}, {at:%m-%d %H:%M}"
