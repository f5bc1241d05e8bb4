"""The options of `polar experiments start`, as an experiment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.clock import millis
from storage.tables.personalities import PromptRefused, checked
from teaching.assignment import CONTROL, UNIT_KINDS, UnitKind, Variant

if TYPE_CHECKING:
    from bot.settings import Settings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
CHANGE = "personality=TEXT, personality=@FILE or model=NAME"
FORM = f"{CONTROL}:WEIGHT, or NAME:WEIGHT: and {CHANGE}"
NAMES = "a letter or digit, then letters, digits, dots, _ and -, at most 64 in all, without accents"
_WEIGHT = re.compile(r"[1-9][0-9]{0,5}")
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def named(written: str) -> str:
    """A name of an experiment or a variant."""
    if not NAME.fullmatch(written):
        raise expected("NAME", NAMES, written)
    return written


def unit(written: str) -> UnitKind:
    """What gets a variant as one."""
    for kind in UNIT_KINDS:
        if written == kind:
            return kind
    raise expected("--unit", ", ".join(UNIT_KINDS), written)


def variants(written: Sequence[str]) -> tuple[Variant, ...]:
    """The variants, in their order: the control that changes nothing, and at least one that changes something."""
    found = tuple(map(_variant, written))
    names = [variant.name for variant in found]
    if len(found) < 2 or CONTROL not in names:
        raise expected("--variant", f"one named {CONTROL}, and at least one more", ", ".join(names))
    if twice := [name for name in names if names.count(name) > 1]:
        raise expected("--variant", "each name once", twice[0])
    return found


def until(written: str, *, now_ms: int) -> int:
    """The instant of a UTC day's beginning, or of a time with its zone; it is to come."""
    try:
        is_day = len(written) == len("2026-12-24")
        day = datetime.combine(date.fromisoformat(written), time(), UTC) if is_day else None
        at = datetime.fromisoformat(written) if day is None else day
        if at.tzinfo is None:
            raise ValueError
        at_ms = millis(at.astimezone(UTC))
    except (ValueError, OverflowError):
        raise expected("--until", "a day like 2026-12-24, or an instant like 2026-12-24T18:00:00Z", written) from None
    if at_ms <= now_ms:
        raise expected("--until", "an instant that is to come; a day begins at 00:00 UTC", written)
    return at_ms


def amount(written: str | None) -> float | None:
    """US dollars, more than none."""
    if written is None:
        return None
    if not _AMOUNT.fullmatch(written) or not float(written):
        raise expected("--budget", "an amount in US dollars, like 5 or 0.25", written)
    return float(written)


def check_feasible(tried: Sequence[Variant], settings: Settings, *, now_ms: int) -> None:
    """Raises BadParameter for what whoever answers cannot do, or of what nobody knows the price."""
    responder = settings.responder
    for variant in tried:
        if variant.personality and responder in ("local", "none"):
            raise expected("--variant", "a responder that has a personality, in POLAR_RESPONDER", responder)
        if variant.model and responder != "openai":
            raise expected(
                "--variant", "the responder openai in POLAR_RESPONDER, as only that takes a model", responder
            )
        if variant.model and variant.model == settings.openai_model:
            raise expected("--variant", "another model than that of the settings, which the control has", variant.model)
        if variant.model and not _is_priced(variant.model, settings, now_ms):
            raise expected("--variant", "a model whose price at this endpoint is known", variant.model)


def _is_priced(model: str, settings: Settings, now_ms: int) -> bool:
    # Here, because the library of prices takes its time to import, and no other of these commands asks for it.
    from bot.responders.model.prices import Prices

    most = settings.openai_max_output_tokens
    return Prices.of(settings, model).estimate(input_tokens=0, output_tokens=most, at_ms=now_ms) is not None


def _variant(written: str) -> Variant:
    name, _, rest = written.partition(":")
    weight, _, change = rest.partition(":")
    if not NAME.fullmatch(name):
        raise expected("--variant", f"{FORM}; NAME is {NAMES}", written)
    if not _WEIGHT.fullmatch(weight):
        raise expected("--variant", f"{FORM}; WEIGHT is a whole number from 1 to 999999", written)
    kind, _, value = change.partition("=")
    if name == CONTROL:
        if change:
            raise expected("--variant", f"a {CONTROL} that changes nothing, like {CONTROL}:50", written)
        return Variant(name=name, weight=int(weight))
    if kind == "personality" and value:
        return Variant(name=name, weight=int(weight), personality=_prompt(value))
    if kind == "model" and value.strip():
        return Variant(name=name, weight=int(weight), model=value.strip())
    raise expected("--variant", f"what {name} changes: {name}:{weight}:{CHANGE}", written)


def _prompt(value: str) -> str:
    try:
        return checked(Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value)
    except OSError as error:
        raise expected("personality", f"a file that can be read ({error.strerror})", value) from None
    except UnicodeDecodeError:
        raise expected("personality", "a file with a text in UTF-8", value) from None
    except PromptRefused as error:
        raise typer.BadParameter(f"personality: {error}") from None


def expected(what: str, allowed: str, found: str) -> typer.BadParameter:
    """What is wrong; raise what this returns."""
    return typer.BadParameter(f"{what}: expected {allowed} (found {found!r:.80})")
