"""`polar budget`: what may be spent on answers. Safe while the bot runs, which goes by it from the next answer on."""

from __future__ import annotations

import re
from typing import Annotated, get_args

import typer

from bot.cli import rows, settings
from bot.cli.facts import AsJson, instant, printable, to_json
from middleware.budget import dollars
from storage.errors import ExpectationFailed
from storage.ids import budget_named
from storage.tables.budgets import Balance, BudgetPolicy, Budgets, BudgetScope

app = typer.Typer(help="Budgets: what may be spent on answers.", no_args_is_help=True)
SCOPES = "global, user:<id> or session:<sessionId>"
_SCOPE = re.compile(r"(global)|(user):((?:chat:-?)?[0-9]{1,20})|(session):(telegram:chat:-?[0-9]{1,20})")
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_EVERY = re.compile(r"([0-9]{1,5})([mhd])")
_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
BudgetName = Annotated[str, typer.Argument(metavar="SCOPE", help=f"{SCOPES}.", show_default=False)]


@app.command("set")
def set_budget(
    scope: BudgetName,
    usd: Annotated[str, typer.Argument(metavar="USD", help="US dollars, like 5 or 0.25.", show_default=False)],
    every: Annotated[str | None, typer.Option(help="Start anew every 30m, 24h or 7d; without it, never.")] = None,
    warn_only: Annotated[bool, typer.Option("--warn-only", help="Only warn when it is used up.")] = False,
) -> None:
    """Limit what is spent, in place of an earlier limit; what was spent already counts."""
    kind, target = _target(scope)
    policy = BudgetPolicy(
        scope=kind, target_id=target, limit_usd=_amount(usd), interval_ms=_interval(every), blocks=not warn_only
    )
    now_ms = rows.now_ms()
    _check_room(policy, now_ms)
    with rows.database() as database:
        database.commit(*Budgets.set(policy, now_ms=now_ms))
        balance = next(b for b in database.ask(Budgets(database).list_all(now_ms=now_ms)) if b.policy == policy)
    typer.echo(_told(balance, now_ms))


@app.command("list")
def list_budgets(as_json: AsJson = False) -> None:
    """Show all budgets, and how much of each is used."""
    now_ms = rows.now_ms()
    with rows.database() as database:
        balances = database.ask(Budgets(database).list_all(now_ms=now_ms))
    if as_json:
        typer.echo(to_json([_described(balance, now_ms) for balance in balances]))
    else:
        typer.echo("\n".join(printable(_told(balance, now_ms)) for balance in balances) or "no budgets")


@app.command()
def clear(scope: BudgetName) -> None:
    """Remove a budget, and what was counted for it."""
    name, target = budget_named(scope)
    if name not in get_args(BudgetScope):
        raise _expected("SCOPE", SCOPES, scope)
    try:
        with rows.database() as database:
            database.commit(*Budgets.clear(name, target))
    except ExpectationFailed:
        typer.echo(f"polar: there is no budget {scope!r:.80}; polar budget list shows them", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{scope}: cleared")


def _check_room(policy: BudgetPolicy, now_ms: int) -> None:
    """Exits where the budget would let no answer through at all; tells where it can limit none."""
    # Here, because who answers takes its time to import, and no other of these commands asks for it.
    from bot import responders
    from bot.settings import PRICE_SETTINGS

    chosen = settings.load()
    least = responders.least_usd(chosen, now_ms=now_ms)
    if least is None and policy.blocks:
        typer.echo("polar: the model's prices are not known, so nothing is answered within this budget", err=True)
        typer.echo(f"polar: set {PRICE_SETTINGS}", err=True)
    elif least is None:
        typer.echo("polar: the model's prices are not known, so it is never used up, and never warns", err=True)
        typer.echo(f"polar: set {PRICE_SETTINGS}", err=True)
    elif policy.blocks and policy.limit_usd < least:
        typer.echo(
            f"polar: an answer may cost {dollars(least)}, so a budget of {dollars(policy.limit_usd)} would let none "
            "through; give more, use --warn-only, or set POLAR_OPENAI_MAX_OUTPUT_TOKENS lower",
            err=True,
        )
        raise typer.Exit(1)
    elif responders.is_free(chosen, now_ms=now_ms):
        typer.echo(f"polar: an answer of {chosen.responder} costs nothing, so this budget limits none so far", err=True)


def _target(written: str) -> tuple[BudgetScope, str]:
    match _SCOPE.fullmatch(written):
        case None:
            raise _expected("SCOPE", f"{SCOPES}, like user:123456789 or session:telegram:chat:-1001234", written)
        case parts if parts[1]:
            return "global", ""
        case parts if parts[2]:
            return "user", parts[3]
        case parts:
            return "session", parts[5]


def _amount(written: str) -> float:
    if not _AMOUNT.fullmatch(written):
        raise _expected("USD", "an amount in US dollars, like 5 or 0.25", written)
    return float(written)


def _interval(written: str | None) -> int | None:
    if written is None:
        return None
    interval = _EVERY.fullmatch(written)
    if interval is None or not int(interval[1]):
        raise _expected("--every", "a time like 30m, 24h or 7d", written)
    return int(interval[1]) * _UNITS_MS[interval[2]]


def _expected(what: str, expected: str, found: str) -> typer.BadParameter:
    return typer.BadParameter(f"{what}: expected {expected} (found {found!r:.80})")


def _described(balance: Balance, now_ms: int) -> dict[str, object]:
    policy, resets_ms = balance.policy, balance.resets_at_ms(now_ms)
    return {
        "scope": policy.name,
        "limitUsd": policy.limit_usd,
        "spentUsd": balance.spent_usd,
        "reservedUsd": balance.reserved_usd,
        "every": _every(policy),
        "resets": instant(resets_ms),
        "blocks": policy.blocks,
    }


def _told(balance: Balance, now_ms: int) -> str:
    policy, resets_ms = balance.policy, balance.resets_at_ms(now_ms)
    told = f"{policy.name}: {dollars(balance.spent_usd)} of {dollars(policy.limit_usd)} spent"
    if balance.reserved_usd:
        told += f", {dollars(balance.reserved_usd)} reserved"
    if resets_ms is not None:
        told += f", every {_every(policy)}, next reset {instant(resets_ms)}"
    return told + ("" if policy.blocks else ", only warns")


def _every(policy: BudgetPolicy) -> str | None:
    """The interval as it can be written, in the largest unit that fits."""
    if policy.interval_ms is None:
        return None
    for unit, ms in reversed(_UNITS_MS.items()):
        if policy.interval_ms % ms == 0 and (unit != "d" or policy.interval_ms > ms):
            return f"{policy.interval_ms // ms}{unit}"
    return f"{policy.interval_ms}ms"
