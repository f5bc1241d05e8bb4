"""/timezone: by whose clock schedules are read and shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.zones import Zones, find_zone, similar_zones
from middleware.commands import Command, UsageError
from middleware.turn import Clock, Outcome, Turn


@dataclass(frozen=True, slots=True)
class TimezoneCommands:
    """A person's own zone, the same in all chats."""

    zones: Zones
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(
                name="timezone",
                summary="the time zone of your automations",
                usage="timezone [<area>/<city>]",
                example="timezone Europe/Berlin",
                handler=self.run,
            ),
        )

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """Show the zone, or set it."""
        if not argument:
            return Outcome.answer(f"Your time zone is {self._with_time(await self.zones.of(turn.user_id))}.")
        name = find_zone(argument)
        if name is None:
            raise UsageError(_unknown(argument))
        turn.record(self.zones.users.set_timezone(turn.user_id, name, now_ms=self.clock()))
        return Outcome.answer(
            f"Your time zone is now {self._with_time(ZoneInfo(name))}. "
            "New automations go by it; those that you have keep the zone that they were made in."
        )

    def _with_time(self, zone: ZoneInfo) -> str:
        now = datetime.fromtimestamp(self.clock() / 1000, UTC).astimezone(zone)
        return f"{zone.key}, where it is {now:%H:%M}"


def _unknown(written: str) -> str:
    similar = similar_zones(written)
    meant = f" Did you mean {' or '.join(similar)}?" if similar else ""
    return f"I do not know the time zone “{written[:40]}”.{meant}"
