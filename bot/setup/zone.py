"""The time zone that this machine is set to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from bot.zones import find_zone


def machine_zone(environ: Mapping[str, str], etc: Path = Path("/etc")) -> str:
    """Its IANA name; UTC where the machine does not tell one."""
    names = (find_zone(name) for name in _told(environ, etc))
    return next(filter(None, names), "UTC")


def _told(environ: Mapping[str, str], etc: Path) -> Iterator[str]:
    """What may be one, the first that counts first."""
    yield environ.get("TZ", "").removeprefix(":").rpartition("zoneinfo/")[2]
    with suppress(OSError):
        yield str((etc / "localtime").readlink()).rpartition("zoneinfo/")[2]
    with suppress(OSError, ValueError):
        yield (etc / "timezone").read_text(encoding="ascii")
