"""Checks of the language model: its endpoint, its prices, and the budgets that they count against."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from bot.doctor.diagnosis import Diagnosis
from bot.doctor.hearing import NO_LIST, Heard, names_of_models
from bot.settings import PRICE_SETTINGS
from middleware.budget import dollars
from storage.tables.budgets import Balance

REFUSED = (401, 403)


def check_endpoint(heard: Heard, *, url: str, model: str) -> Diagnosis:
    """It answers, knows the key, and has the model. Only its list of models is asked for, which costs nothing."""
    values = {"url": url, "model": model}
    if heard.status == 0:
        return Diagnosis("endpoint", "failed", "silent", reason=heard.reason, **values)
    if heard.status in REFUSED:
        return Diagnosis("endpoint", "failed", "refused", status=heard.status, **values)
    if heard.status in NO_LIST:
        return Diagnosis("endpoint", "not known", "no_list", status=heard.status, **values)
    names = names_of_models(heard)
    if names is None:
        return Diagnosis("endpoint", "failed", "ill", status=heard.status, **values)
    if model in names:
        return Diagnosis("endpoint", "ok", "has", **values)
    nearest = ", ".join(get_close_matches(model, names, 3) or names[:3]) or "-"
    return Diagnosis("endpoint", "warning", "lacks", nearest=nearest, **values)


def check_prices(least_usd: float | None, balances: Sequence[Balance], *, model: str) -> Diagnosis:
    """Where a budget blocks, a model of unknown price answers nobody."""
    if least_usd is not None:
        return Diagnosis("prices", "ok", "known", model=model, least=dollars(least_usd))
    values = {"model": model, "settings": PRICE_SETTINGS}
    if any(balance.policy.blocks for balance in balances):
        return Diagnosis("prices", "failed", "blocked", **values)
    return Diagnosis("prices", "warning", "unknown", **values)


def check_budgets(balances: Sequence[Balance], least_usd: float | None, *, needs_block: bool) -> Diagnosis:
    """A budget that is smaller than one answer lets none through, ever; one that is used up none for now.

    `needs_block`: a bot that anybody may use does not start with a model that costs money, unless a global one blocks.
    """
    policies = [balance.policy for balance in balances]
    if needs_block and least_usd and not any(each.blocks and each.scope == "global" for each in policies):
        return Diagnosis("budgets", "failed", "open_purse")
    for policy in policies:
        if policy.blocks and least_usd and policy.limit_usd < least_usd:
            values = {"limit": dollars(policy.limit_usd), "least": dollars(least_usd)}
            return Diagnosis("budgets", "failed", "too_small", name=policy.name, **values)
    used_up = [balance.policy for balance in balances if _is_used_up(balance, least_usd or 0)]
    if used_up:
        names = ", ".join(policy.name for policy in used_up[:3])
        return Diagnosis("budgets", "warning", "used_up", names=names)
    return Diagnosis("budgets", "ok", "left", count=len(balances)) if balances else Diagnosis("budgets", "ok", "none")


def _is_used_up(balance: Balance, least_usd: float) -> bool:
    """One that only warns is so at its limit; one that blocks, from where no answer fits into what is left."""
    room_usd = balance.policy.limit_usd - balance.spent_usd
    return room_usd <= 0 or (balance.policy.blocks and room_usd < least_usd)
