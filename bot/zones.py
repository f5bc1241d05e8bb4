"""Whose clock counts: the zone that a person told, else the default."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.schedules.wallclock import zone
from storage.tables.users import Users

_NOT_PLACES = frozenset({"Factory", "localtime"})
"""Names in the database that stand for no zone, or for the server's."""


@dataclass(frozen=True, slots=True)
class Zones:
    """Time zones by user id; `default` is for who told none."""

    users: Users
    default: ZoneInfo

    async def of(self, user_id: str) -> ZoneInfo:
        """The person's zone."""
        name = await self.users.timezone_of(user_id)
        try:
            return zone(name) if name else self.default
        except KeyError:  # a name that the database of zones has lost since
            return self.default


def find_zone(written: str) -> str | None:
    """The IANA name that somebody means, in its own case; None when there is none."""
    return _names().get(written.strip().lower().replace(" ", "_"))


def similar_zones(written: str) -> list[str]:
    """Names of which what was written is the last part, as Berlin is of Europe/Berlin."""
    last = "/" + written.strip().lower().replace(" ", "_")
    return sorted(name for lower, name in _names().items() if lower.endswith(last))[:3]


@cache
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones() - _NOT_PLACES}
