"""Checks of what the bot stands on: settings, modes of files, the database of zones."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import available_timezones

from bot import settings
from bot.doctor.diagnosis import Diagnosis
from bot.settings import Settings
from storage import care, private_files

FEWEST_ZONES = 300
"""Fewer names than any whole database of zones has."""
OLD_YEARS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """`strangers` are lines of names that are no setting; `open_files` those that others may read or write."""

    strangers: tuple[str, ...]
    lacks_secret: bool
    """True if a webhook is set without a secret, with which no bot starts."""
    secret_file: Path | None
    """`.env`, where there is one."""
    open_files: tuple[Path, ...]
    zones: int
    zones_of: str
    """The release of the database of zones that came with us, like 2026.2; '' where there is none."""


def look_at_machine(loaded: Settings) -> MachineFacts:
    """No file is opened but `.env`: closing the database's would drop the locks of a bot in this process."""
    env, database = settings.env_path(), care.files_of(loaded.location)
    return MachineFacts(
        strangers=tuple(settings.strangers()),
        lacks_secret=bool(loaded.webhook_url) and not loaded.webhook_secret.get_secret_value(),
        secret_file=env if env.is_file() else None,
        open_files=tuple(path for path in (env, *database) if private_files.is_open_to_others(path)),
        zones=len(available_timezones()),
        zones_of=_release(),
    )


def _release() -> str:
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return ""


def wrong_settings(lines: Sequence[str]) -> Diagnosis:
    """Settings with which nothing can start."""
    return Diagnosis("settings", "failed", "wrong", problems="; ".join(lines))


def check_settings(facts: MachineFacts) -> Diagnosis:
    """A name that is no setting changes nothing, though somebody meant it to."""
    if facts.lacks_secret:
        return Diagnosis("settings", "failed", "no_secret")
    if facts.strangers:
        return Diagnosis("settings", "warning", "strangers", problems="; ".join(facts.strangers))
    if facts.secret_file is None:
        return Diagnosis("settings", "ok", "environment")
    return Diagnosis("settings", "ok", "file", path=facts.secret_file)


def check_files(facts: MachineFacts) -> Diagnosis:
    """What people wrote, and the token, are their owner's alone."""
    if not facts.open_files:
        return Diagnosis("files", "ok", "private")
    names = ", ".join(path.name for path in facts.open_files)
    command = shlex.join(["chmod", "600", *map(str, facts.open_files)])
    return Diagnosis("files", "warning", "open", names=names, command=command)


def check_zones(facts: MachineFacts, *, year: int) -> Diagnosis:
    """Governments change their clocks each year; a database that is old is wrong somewhere."""
    values = {"count": facts.zones, "release": facts.zones_of, "python": sys.executable}
    if facts.zones < FEWEST_ZONES:
        return Diagnosis("zones", "failed", "few", **values)
    known = facts.zones_of.partition(".")[0]
    if known.isdecimal() and int(known) < year - OLD_YEARS:
        return Diagnosis("zones", "warning", "old", **values)
    return Diagnosis("zones", "ok", "whole", **values)
