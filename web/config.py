"""The dashboard's settings at its start, and the check that they are safe."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from storage.location import Location

MIN_SECRET = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The database shown and the address listened on; without a secret nobody has to log in."""

    database: Location
    artifacts: Path
    secret: str
    host: str
    port: int


class Unsafe(Exception):
    """The dashboard would be open to others; the message says which setting to change."""


def check(config: Config) -> None:
    """Raise Unsafe for a secret that can be guessed, or none where others can reach the dashboard."""
    if config.secret and len(config.secret) < MIN_SECRET:
        raise Unsafe(f"POLAR_WEB_SECRET is shorter than {MIN_SECRET} characters; choose a longer one")
    if not config.secret and not is_loopback(config.host):
        raise Unsafe(
            f"the dashboard may listen on {config.host} only with a secret: set POLAR_WEB_SECRET "
            f"to {MIN_SECRET} characters or more, or POLAR_WEB_LISTEN to 127.0.0.1:{config.port}"
        )


def is_loopback(host: str) -> bool:
    """True if only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
