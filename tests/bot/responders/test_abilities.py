"""A responder declares what it needs and can do in one object, and is served by that."""

from __future__ import annotations

import asyncio

import pytest

from bot.responders.silent import Silent
from middleware.responder import Abilities, Responder
from middleware.turn import Turn
from tests.house import House
from tests.looking import tell

HERE = "tests.bot.responders.test_abilities"


class Told:
    """Says what it was told besides the message."""

    def __init__(self, local: Responder) -> None:
        self.local = local

    async def respond(self, turn: Turn) -> str:
        """The personality, and how many memories and earlier messages there are."""
        context = turn.context
        return f"{context.personality or 'neutral'}, {len(context.memories)} facts, {len(context.history)} messages"


class Attributed(Told):
    """Declares nothing, and has an attribute instead."""

    history = 2


class Listening(Told):
    """Wants to know everything."""

    abilities = Abilities(history=3)


class Deaf(Told):
    """Wants to know nothing."""

    abilities = Abilities(memories=False, personality=False)


class Patient(Told):
    """Takes longer than the limit, and says that none is needed."""

    abilities = Abilities(is_immediate=True)

    async def respond(self, turn: Turn) -> str:
        """After the limit, which the test has made shorter than this."""
        await asyncio.sleep(0.05)
        return "here I am"


class Closing(Told):
    """Notes that it was closed."""

    closed = 0

    def __init__(self, local: Responder) -> None:
        super().__init__(local)
        self.abilities = Abilities(aclose=self.close)

    async def close(self) -> None:
        """Once a bot."""
        type(self).closed += 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Told", "Be a pirate., 1 facts, 0 messages"),
        ("Attributed", "Be a pirate., 1 facts, 2 messages"),
        ("Listening", "Be a pirate., 1 facts, 3 messages"),
        ("Deaf", "neutral, 0 facts, 0 messages"),
    ],
)
async def test_a_responder_is_told_what_it_wants_to_know(house: House, name: str, said: str) -> None:
    """Without a word of its own: memories and personality; history only where it says how much."""
    async with house.bot(responder=f"{HERE}:{name}"):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/personality set Be a pirate.")
        await tell(house, chat, ann, "/remember the tea is green")
        await tell(house, chat, ann, "hello")
        await tell(house, chat, ann, "hello again")
        assert await tell(house, chat, ann, "which tea?") == [said]


async def test_what_is_immediate_has_no_time_limit(house: House) -> None:
    """It answers out of its own head, so that there is nothing to wait for."""
    async with house.bot(responder=f"{HERE}:Patient", responder_timeout_seconds=0.01):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == ["here I am"]


async def test_a_responder_is_closed_as_the_bot_ends(house: House) -> None:
    """Not before."""
    async with house.bot(responder=f"{HERE}:Closing"):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        assert Closing.closed == 0
    assert Closing.closed == 1


def test_an_attribute_of_a_responders_own_is_taken_where_it_declares_nothing() -> None:
    """Those that were there before `abilities`; one that is None counts as left out."""

    class Old(Told):
        estimate_usd = None
        history = 7

    assert Abilities.of(Old(Silent())) == Abilities(history=7)
    assert Abilities.of(Listening(Silent())) is Listening.abilities
