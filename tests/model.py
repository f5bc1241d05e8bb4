"""A bot that talks with the model of the tests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from emulator import Chat, Person
from emulator.model import Exchange, Model, ModelServer
from middleware.turn import CallNext, Outcome, Turn
from tests.house import House
from tests.looking import awake

KEY = "sk-of-no-worth"
PRICED = {"openai_input_usd_per_mtok": 3.0, "openai_output_usd_per_mtok": 15.0}


class Watch:
    """A middleware that keeps the turns it saw."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Sees everything, changes nothing."""
        self.turns.append(turn)
        return await call_next(turn)


watch = Watch()
WATCHED = {"middleware": ("tests.model:watch",)}


def to_model(server: ModelServer, **changes: Any) -> dict[str, Any]:
    """The settings of a bot that asks this server."""
    asked = {"openai_base_url": server.url, "openai_model": "some-model", "openai_api_key": KEY}
    return {"responder": "openai", **asked, "responder_timeout_seconds": 20, **changes}


@asynccontextmanager
async def talking(house: House, **changes: Any) -> AsyncIterator[Model]:
    """A running bot, and the model that it asks."""
    async with ModelServer() as server, house.bot(**to_model(server, **changes)):
        await awake(house)
        yield server.model


async def ask(house: House, chat: Chat, person: Person, model: Model, text: str, **place: Any) -> Exchange:
    """Say something, and wait until the model was asked about it."""
    before = len(model.exchanges)
    house.world.say(chat, person, text, **place)
    await model.wait(lambda: len(model.exchanges) > before)
    return model.exchanges[before]


def sections(exchange: Exchange) -> dict[str, Any]:
    """The labelled sections of the system message, read."""
    _, _, data = exchange.messages[0]["content"].partition("\n\n")
    return {name: json.loads(value) for name, value in (line.split(": ", 1) for line in data.split("\n"))}


def said(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a user's message, read."""
    assert message["role"] == "user"
    return [json.loads(line) for line in message["content"].split("\n")]


def newest(exchange: Exchange) -> dict[str, Any]:
    """The newest message as the model sees it."""
    return said(exchange.messages[-1])[-1]


def talk(exchange: Exchange) -> list[tuple[str, str]]:
    """Who said what before the newest message, without what only a note tells."""
    told: list[tuple[str, str]] = []
    for message in exchange.messages[1:]:
        if message["role"] == "user":
            told += [("user", line["text"]) for line in said(message) if line["text"] or "note" not in line]
        else:
            told.append((message["role"], message["content"]))
    return told[:-1]


def reasons(house: House) -> list[tuple[str, str | None]]:
    """Outcome and reason of each message's tries, oldest first."""
    return house.rows("SELECT outcome, reason FROM polar_audit WHERE kind = 'message' ORDER BY rowid")
