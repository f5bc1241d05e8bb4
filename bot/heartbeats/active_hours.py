"""The hours of a day in which a heartbeat policy is looked after, by the clocks of a zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import BotError
from bot.schedules import wallclock

_SPAN = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9])")


class HoursUnreadable(BotError, ValueError):
    """These are no active hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveHours:
    """From `start` until before `end`, every day; across midnight where the end is the earlier one."""

    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> ActiveHours:
        """From `08:00-22:00`; raises HoursUnreadable for anything else, and for hours that never begin."""
        span = _SPAN.fullmatch(text)
        if span is None or span[1] == span[2]:
            raise HoursUnreadable(f"expected active hours like 08:00-22:00 (found {text!r:.80})")
        return cls(start=time.fromisoformat(span[1]), end=time.fromisoformat(span[2]), zone=zone)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> ActiveHours:
        """From what `stored()` gave; raises HoursUnreadable."""
        try:
            zone = wallclock.zone(str(stored.get("timezone", "UTC")))
        except KeyError as error:
            raise HoursUnreadable(f"no such time zone: {error}") from None
        return cls.parse(f"{stored.get('start')}-{stored.get('end')}", zone)

    def stored(self) -> dict[str, str]:
        """As `activeHoursJson` holds it."""
        return {"start": f"{self.start:%H:%M}", "end": f"{self.end:%H:%M}", "timezone": self.zone.key}

    def contain(self, moment: datetime) -> bool:
        """True if an instant (aware) lies within, as the zone's clocks show it, daylight saving included."""
        return wallclock.lies_within(moment, self.start, self.end, self.zone)
