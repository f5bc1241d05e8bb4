"""A Telegram that remembers what it has told the bot, and a model that says what it is told and counts its price."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from emulator import World
from emulator.model import Answer, Exchange, Model
from tests.house import TOKEN
from tests.model import PRICED

Json = dict[str, Any]
ABANDONED_FACTOR = 2
"""An answer that does not end is paid for as both sides estimate it; they count tokens in different ways."""


class Arrived(NamedTuple):
    """A message of the bot, its text as it was then."""

    chat: int
    message_id: int
    text: str
    is_deleted: bool = False
    """The bot has taken it back."""
    is_untold: bool = False
    """The answer that held its number could not be read."""


class Telegram(World):
    """A Telegram with one bot; `told` is every update there ever was, by its id."""

    def __init__(self) -> None:
        super().__init__(TOKEN, "polar_test_bot")
        self.told: dict[int, Json] = {}

    def push(self, update: Any) -> int:
        """As State has it."""
        update_id = super().push(update)
        self.told[update_id] = update
        return update_id

    def arrivals(self) -> list[Arrived]:
        """Each message of the bot that has arrived, whatever the bot heard of it."""
        gone = {
            (int(call.params["chat_id"]), int(call.params["message_id"]))
            for call in self.calls
            if call.method == "deleteMessage" and call.result is True
        }
        places = [
            (int(call.params["chat_id"]), call.result["message_id"], call)
            for call in self.calls
            if call.method == "sendMessage" and isinstance(call.result, dict)
        ]
        return [
            Arrived(chat, number, call.params["text"], (chat, number) in gone, call.fault == "garbage")
            for chat, number, call in places
        ]


class EchoModel(Model):
    """Says what it was told last, unless something else is ordered."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[Exchange] = []
        self._whole_usd = 0.0
        self._torn_usd = 0.0

    def take(self, request: Json, authorization: str) -> Exchange:
        """As Model has it."""
        self._settle()
        self.otherwise = Answer(text=f"echo: {newest(request)}")
        exchange = super().take(request, authorization)
        self._open.append(exchange)
        return exchange

    def bill(self) -> tuple[float, float]:
        """US dollars: of the answers that were given to their end, and at most of those that were torn off."""
        self._settle()
        return self._whole_usd, self._torn_usd + sum(map(self._price, self._open)) * ABANDONED_FACTOR

    def _settle(self) -> None:
        """Add up what has ended, so that no request is kept for the whole campaign."""
        for exchange in self._open:
            if exchange.ended == "whole" and exchange.answer.status == 200:
                self._whole_usd += self._price(exchange)
            elif exchange.ended is not None:
                self._torn_usd += self._price(exchange) * ABANDONED_FACTOR
        self._open = [exchange for exchange in self._open if exchange.ended is None]

    def _price(self, exchange: Exchange) -> float:
        usage = self.usage(exchange)
        input_usd = usage["prompt_tokens"] * PRICED["openai_input_usd_per_mtok"]
        return float(input_usd + usage["completion_tokens"] * PRICED["openai_output_usd_per_mtok"]) / 1e6


def newest(request: Json) -> str:
    """What was said last."""
    lines = str(request["messages"][-1]["content"]).split("\n")
    return str(json.loads(lines[-1])["text"])
