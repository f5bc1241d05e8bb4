"""The options of `polar heartbeat set`, as a policy."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import typer

from bot.heartbeats.active_hours import ActiveHours
from bot.phrasing import explain
from bot.schedules import wallclock
from bot.schedules.errors import ScheduleError
from bot.schedules.steps import MOST_NEW, limited
from bot.schedules.text import parse
from middleware.checks import settings_of
from storage.ids import session_id_of
from storage.tables.heartbeats import HeartbeatPolicy

ALWAYS = "always"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CHAT = re.compile(r"-?[1-9][0-9]{0,15}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options as written, None for each that was left out. All errors are typer's exits with status 1."""

    every: str | None
    to: str | None
    checks: list[str] | None
    active: str | None
    timezone: str | None
    enabled: bool | None

    def changed(self, policy: HeartbeatPolicy, *, zone: ZoneInfo, now_ms: int) -> HeartbeatPolicy:
        """The policy with what was given; `zone` is the one where none was."""
        zone = zone if self.timezone is None else _zone(self.timezone)
        if self.every is not None:
            policy = replace(policy, schedule=_schedule(self.every, zone, now_ms))
        if self.to is not None:
            policy = replace(policy, session_id=_session(self.to))
        if self.checks is not None:
            policy = replace(policy, checks=dict(_check(text) for text in self.checks))
        if self.active is not None or self.timezone is not None:
            policy = replace(policy, active_hours=_active(policy, self.active, zone))
        return policy if self.enabled is None else replace(policy, enabled=self.enabled)

    def new(self, policy_id: str) -> HeartbeatPolicy:
        """A policy of this id, still empty; needs a schedule and a chat."""
        if not _ID.fullmatch(policy_id):
            raise failure(f"ID: expected letters, digits, dots, _ and -, at most 64 (found {policy_id!r:.80})")
        if self.every is None or self.to is None:
            raise failure(f"{policy_id} is a new policy and needs --every and --to")
        return HeartbeatPolicy(id=policy_id, session_id="", schedule="", active_hours=None, checks={}, enabled=True)


def _schedule(every: str, zone: ZoneInfo, now_ms: int) -> str:
    try:
        return limited(
            lambda: parse(every, zone=zone, now=datetime.fromtimestamp(now_ms / 1000, UTC)), most=MOST_NEW
        ).stored()
    except ScheduleError as error:
        raise failure(f"--every: {one_line(explain(error))}") from None


def _session(chat: str) -> str:
    if not _CHAT.fullmatch(chat):
        raise failure(f"--to: expected a chat's id like 123456789 or -1001234567890 (found {chat!r:.80})")
    return session_id_of(int(chat))


def _check(text: str) -> tuple[str, dict[str, float]]:
    """From `name` or `name:setting=number,…`; only what is given is kept, so that defaults may change."""
    name, _, options = text.partition(":")
    given: dict[str, float] = {}
    for option in filter(None, options.split(",")):
        key, _, number = option.partition("=")
        if not _NUMBER.fullmatch(number):
            raise failure(f"--check: expected setting=number after {name}: (found {option!r:.80})")
        given[key] = float(number) if "." in number else int(number)
    try:
        settings_of(name, given)
    except ValueError as error:
        raise failure(f"--check: {error}") from None
    return name, given


def _active(policy: HeartbeatPolicy, active: str | None, zone: ZoneInfo) -> dict[str, str] | None:
    """The hours given, or those that the policy has, in the zone given."""
    if active == ALWAYS or (active is None and policy.active_hours is None):
        return None
    had = policy.active_hours or {}
    try:
        return ActiveHours.parse(active or f"{had.get('start')}-{had.get('end')}", zone).stored()
    except ValueError as error:
        raise failure(f"--active: {error}") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return wallclock.zone(name)
    except KeyError:
        raise failure(f"--timezone: expected an IANA time zone like Europe/Berlin (found {name!r:.80})") from None


def one_line(text: str) -> str:
    """Without line ends, as errors are told."""
    return " ".join(text.split())


def failure(message: str) -> typer.Exit:
    """Tell what is wrong; raise what this returns."""
    typer.echo(f"polar: {message}", err=True)
    return typer.Exit(1)
