"""An experiment that the command line starts beside a bot, and a responder that says how it was to answer."""

from __future__ import annotations

import json
from typing import Any

from emulator import Chat, Person
from middleware.responder import Abilities, ResponderFailed
from middleware.turn import Turn
from teaching.assignment import Variant, assigned
from tests.bot.cli.terminal import polar
from tests.house import House

STYLED = "tests.trying:styled"
COST = 0.1
"""US dollars of each answer of it."""
SHORT = "Answer in one sentence."
PLAIN = "plain, by the model of the settings"
OPTIONS = ("--variant", "control:50", "--variant", f"short:50:personality={SHORT}", "--until", "2100-01-01")
ORIGINS = "SELECT origin FROM polar_messages WHERE sessionId = ? AND role = 'assistant' ORDER BY sequence"
COUNTS = "SELECT variant, units, rated, answers, failures, usd FROM polar_experiment_variants ORDER BY variant"
STATUS = "SELECT name, status, endedBecause FROM polar_experiments ORDER BY startedAtMs"


class Styled:
    """Says the personality and the model that it is given; fails where the text asks for it."""

    abilities = Abilities(takes_model=True, estimate_usd=lambda turn: COST)

    async def respond(self, turn: Turn) -> str:
        """For COST."""
        turn.spent_usd += COST
        context = turn.context
        if turn.text == "fail" and context.personality == SHORT:
            raise ResponderFailed("fails", "I cannot do that.")
        if turn.text == "raise":
            raise RuntimeError("a fault")
        return f"{context.personality or 'plain'}, by {context.model or 'the model of the settings'}"


styled = Styled()


def begin(house: House, *options: str, name: str = "terse", **settings: Any) -> Any:
    """Start an experiment as an operator does; its facts."""
    settings = {"database": house.path, "responder": STYLED, **settings}
    done = polar("experiments", "start", name, *(options or OPTIONS), "--json", **settings)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def variant_of(house: House, unit: str, name: str = "terse") -> str:
    """The variant that a unit has, as another program works it out from the row."""
    [(salt, variants)] = house.rows("SELECT salt, variants FROM polar_experiments WHERE name = ?", name)
    weights = [Variant(name=one["name"], weight=one["weight"]) for one in json.loads(variants)]
    return assigned(name, salt, unit, weights).name


def with_variant(house: House, variant: str, count: int = 1, name: str = "terse") -> list[tuple[Person, Chat]]:
    """People whose private chats have this variant."""
    found: list[tuple[Person, Chat]] = []
    while len(found) < count:
        person, chat = house.chat(f"P{len(house.world.people)}")
        if variant_of(house, f"telegram:chat:{chat.id}", name) == variant:
            found.append((person, chat))
    return found


def origins(house: House, chat: Chat) -> list[dict[str, Any]]:
    """What produced each of our messages in a chat, in order."""
    return [json.loads(origin or "{}") for (origin,) in house.rows(ORIGINS, f"telegram:chat:{chat.id}")]
