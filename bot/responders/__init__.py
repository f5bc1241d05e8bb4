"""Who answers: the embedded default, a language model, nobody, or a responder named in the settings."""

from __future__ import annotations

import importlib
from typing import cast

from bot.errors import SettingsError
from bot.named import load_named
from bot.responders.local import Local
from bot.responders.silent import Silent
from bot.settings import Settings
from middleware.responder import Propose, Remember, Responder
from middleware.turn import Clock
from storage.stores import Stores

KNOWN = ("local", "none", "openai")
"""Those whose cost can be told without asking them."""


def is_free(settings: Settings, *, now_ms: int) -> bool:
    """True if it is known that an answer costs nothing; of a responder of your own it never is."""
    return settings.responder in KNOWN and least_usd(settings, now_ms=now_ms) == 0


def least_usd(settings: Settings, *, now_ms: int) -> float | None:
    """The estimate of the answer to an empty question, as far as it is known without asking; None without prices."""
    if settings.responder != "openai":
        return 0.0
    # Here, because the library of prices takes its time to import.
    from bot.responders.model.prices import Prices

    most = settings.openai_max_output_tokens
    return Prices.of(settings).estimate(input_tokens=0, output_tokens=most, at_ms=now_ms)


def load(settings: Settings) -> None:
    """Import what answers, which may take seconds on a busy machine; raises SettingsError, as `build` does.

    To be called before the database is taken: whoever has it on a server must not stand still.
    """
    if settings.responder == "openai":
        importlib.import_module("bot.responders.model.responder")
    elif settings.responder not in KNOWN:
        load_named("POLAR_RESPONDER", settings.responder)


def build(settings: Settings, *, stores: Stores, propose: Propose, remember: Remember, clock: Clock) -> Responder:
    """The responder of POLAR_RESPONDER.

    One of your own is an object with `respond`, or what makes one when it is called with the embedded
    responder, to fall back on. Raises SettingsError when it is neither.
    """
    name = settings.responder
    local = Local(propose)
    if name == "openai":
        # Here, because the client takes half a second to import, which nobody else should wait for.
        from bot.responders.model.responder import OpenAI

        return OpenAI(settings, propose, remember, stores.properties, clock)
    if name == "local":
        return local
    if name == "none":
        return Silent()
    named = load_named("POLAR_RESPONDER", name)
    responder = named(local) if isinstance(named, type) or not hasattr(named, "respond") else named
    if not callable(getattr(responder, "respond", None)):
        raise SettingsError(f"POLAR_RESPONDER: {name} has no method respond(turn)")
    return cast(Responder, responder)
