"""/timezone: by whose clock schedules are read and shown."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.clock import moment
from bot.zones import Zones, find_zone, similar_zones
from middleware.commands import Command
from middleware.texts import say
from middleware.turn import Clock, Outcome, Turn
from middleware.usage import UsageError


@dataclass(frozen=True, slots=True)
class TimezoneCommands:
    """A person's own zone, the same in all chats."""

    zones: Zones
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (Command(name="timezone", handler=self.run, aliases=("tz",), is_personal=True),)

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """Show the zone, or set it."""
        if not argument:
            return Outcome.answer(self._told("zone.shown", await self.zones.of(turn.user_id)))
        name = find_zone(argument)
        if name is None:
            raise UsageError(_unknown(argument))
        turn.record(self.zones.users.set_timezone(turn.user_id, name, now_ms=self.clock()))
        return Outcome.answer(self._told("zone.set", ZoneInfo(name)))

    def _told(self, key: str, zone: ZoneInfo) -> str:
        now = moment(self.clock()).astimezone(zone)
        return say(key, zone=zone.key, time=f"{now:%H:%M}")


def _unknown(written: str) -> str:
    similar = similar_zones(written)
    if similar:
        return say("zone.similar", written=written[:40], names=f" {say('zone.or')} ".join(similar))
    return say("zone.unknown", written=written[:40])
