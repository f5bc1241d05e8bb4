"""`polar heartbeat`: what the bot looks after by itself. Safe while the bot runs, which notices within seconds."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import rows, settings
from bot.cli.facts import AsJson, instant, printable, to_json
from bot.cli.heartbeat_options import Options, failure, one_line
from bot.phrasing import describe
from bot.schedules.errors import ScheduleError
from bot.schedules.text import load
from middleware.checks import CHECKS
from storage.beside import Beside
from storage.tables.heartbeats import HeartbeatPolicies, HeartbeatPolicy, PolicyDamaged, SurveyedPolicy
from storage.tables.occurrences import Occurrence, Occurrences

app = typer.Typer(help="Heartbeat policies: what the bot looks after by itself.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The policy's id.", show_default=False)]


@app.command("list")
def list_policies(as_json: AsJson = False) -> None:
    """Show all policies, with their next and their last beat."""
    with rows.database() as database:
        policies = database.ask(HeartbeatPolicies(database).survey())
    if as_json:
        typer.echo(to_json([_described(entry) for entry in policies]))
    else:
        typer.echo("\n".join(printable(_told(entry)) for entry in policies) or "no heartbeat policies")


@app.command("set")
def set_policy(
    policy_id: Id,
    every: Annotated[str | None, typer.Option(help="When, like “every 30 minutes”; needed for a new policy.")] = None,
    to: Annotated[str | None, typer.Option(help="The chat's id for reports; needed for a new policy.")] = None,
    check: Annotated[
        list[str] | None,
        typer.Option(help=f"NAME or NAME:setting=number,…, once for each of: {', '.join(CHECKS)}."),
    ] = None,
    active: Annotated[str | None, typer.Option(help="The hours to look in, like 08:00-22:00, or always.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone of --every and --active.")] = None,
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Whether it is looked after.")] = None,
) -> None:
    """Add a policy, or change what is given here of the one that exists."""
    now_ms = rows.now_ms()
    options = Options(every=every, to=to, checks=check, active=active, timezone=timezone, enabled=enabled)
    with rows.database() as database:
        policy = _readable(database, policy_id) or options.new(policy_id)
        policy = options.changed(policy, zone=settings.load().zone, now_ms=now_ms)
        next_ms = _write(database, policy, now_ms)
    told = "off" if next_ms is None else f"next beat {instant(next_ms)}"
    typer.echo(f"{policy_id}: {told}" + ("" if policy.checks else "; it has no checks yet, --check adds them"))


@app.command()
def run(policy_id: Id) -> None:
    """Look once, at any hour, beside the schedule; the bot does it as soon as it runs."""
    now_ms = rows.now_ms()
    beat = Occurrence.by_hand("heartbeat", policy_id, now_ms=now_ms)
    with rows.database() as database:
        _require(database, policy_id)
        database.commit(Occurrences.plan(beat, now_ms=now_ms))
    typer.echo(f"{policy_id}: asked for, as {beat.run_id}")


@app.command()
def delete(policy_id: Id) -> None:
    """Remove a policy and its next beat; what the ledger holds of it stays."""
    with rows.database() as database:
        _require(database, policy_id)
        database.commit(HeartbeatPolicies.remove(policy_id), Occurrences.cancel("heartbeat", policy_id))
    typer.echo(f"{policy_id}: deleted")


def _write(database: Beside, policy: HeartbeatPolicy, now_ms: int) -> int | None:
    """Put the policy and its next beat down together; the instant of that beat, None where it is off."""
    # Here, because the subject takes its time to import, and no other of these commands asks for it.
    from bot.heartbeats.subject import next_beat

    beat = next_beat(policy, after_ms=now_ms) if policy.enabled else None
    if beat is None and policy.enabled:
        raise failure("--every: this schedule is never due again")
    planned = Occurrences.cancel("heartbeat", policy.id) if beat is None else Occurrences.plan(beat, now_ms=now_ms)
    database.commit(HeartbeatPolicies.put(policy, now_ms=now_ms), planned)
    return None if beat is None else beat.at_ms


def _readable(database: Beside, policy_id: str) -> HeartbeatPolicy | None:
    """The policy; one that is damaged is set anew like one that does not exist."""
    try:
        policy = database.ask(HeartbeatPolicies(database).find(policy_id))
        if policy is not None:
            load(policy.schedule)
    except (PolicyDamaged, ScheduleError):
        return None
    return policy


def _require(database: Beside, policy_id: str) -> None:
    if not database.ask(HeartbeatPolicies(database).exists(policy_id)):
        raise failure(f"there is no heartbeat policy {policy_id!r:.80}; polar heartbeat list shows them")


def _described(entry: SurveyedPolicy) -> dict[str, object]:
    policy = entry.policy
    return {
        "id": policy.id,
        "sessionId": policy.session_id,
        "every": _every(policy),
        "schedule": policy.schedule,
        "activeHours": policy.active_hours,
        "checks": policy.checks,
        "enabled": policy.enabled,
        "next": instant(entry.next_ms),
        "last": entry.last,
    }


def _told(entry: SurveyedPolicy) -> str:
    policy, active = entry.policy, entry.policy.active_hours
    hours = f", {active.get('start')}-{active.get('end')} {active.get('timezone')}" if active else ""
    upcoming = "off" if entry.next_ms is None else f"next {instant(entry.next_ms)}"
    last = "no beat yet" if entry.last is None else f"last {entry.last.get('status')}" + _because(entry.last)
    checks = ", ".join(map(_check_told, policy.checks, policy.checks.values())) or "no checks"
    return f"{policy.id}: {_every(policy)}{hours}, to {policy.session_id}; {checks}; {upcoming}; {last}"


def _check_told(name: str, given: object) -> str:
    options: list[str] = [f"{key}={value}" for key, value in given.items()] if isinstance(given, dict) else []
    return f"{name}:{','.join(options)}" if options else name


def _because(last: object) -> str:
    reason = last.get("reason") if isinstance(last, dict) else None
    return f" ({one_line(str(reason))})" if reason else ""


def _every(policy: HeartbeatPolicy) -> str:
    try:
        return describe(load(policy.schedule))
    except ScheduleError:
        return "a schedule that cannot be read"
