"""What was just queued goes out without being read; the queue alone says what there is where somebody else wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.sending.at_hand import EACH, MOST, AtHand
from storage.delivery import Delivery
from storage.payloads import SendMessage
from storage.tables.deliveries import Deliveries
from storage.tables.updates import Updates
from tests.house import House, until
from tests.looking import awake, idle, texts
from tests.responders import ECHO
from tests.storage.files import plain

S = "telegram:chat:1"


def delivery(sequence: int, *, rank: int = 0, reply: str = "", begun: bool = False) -> Delivery:
    """One of a chat's calls."""
    return Delivery(
        delivery_id=f"d{sequence}",
        session_id=S,
        stored="{}",
        payload=SendMessage(text="x"),
        status="pending",
        sequence=sequence,
        reply_id=reply or f"d{sequence}",
        rank=rank,
        begun=begun,
        attempts=0,
        ambiguous=0,
        created_at_ms=0,
    )


def test_who_is_begun_goes_first_then_the_lowest_rank_then_the_oldest() -> None:
    """As the queue orders a chat; the parts of what is under way count as begun."""
    at_hand = AtHand()
    at_hand.begin(S, [delivery(1, rank=9, reply="r"), delivery(2, rank=9, reply="r"), delivery(3, rank=5)])
    assert at_hand.first(S) == delivery(3, rank=5)
    assert at_hand.begin_reply(delivery(1, rank=9, reply="r"))
    at_hand.remove(delivery(1))
    assert at_hand.first(S) == delivery(2, rank=9, reply="r", begun=True)
    assert not at_hand.begin_reply(delivery(3, rank=5))


@pytest.mark.parametrize(("room", "fits"), [(EACH * MOST * 2, MOST), (EACH * 3, 3)])
def test_beyond_the_room_for_it_nothing_of_a_chat_is_kept(room: int, fits: int) -> None:
    """Rather than a part of it; when it has gone, there is room again."""
    at_hand = AtHand(room)
    for _ in range(2):
        at_hand.begin(S, [delivery(n) for n in range(fits)])
        assert S in at_hand
        assert not at_hand.add(delivery(MOST))
        assert S not in at_hand


async def test_nothing_is_read_of_journal_or_queue_where_nobody_else_writes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of updates that come in while the bot runs, alone and one behind the other, and of the answers to them."""
    asked: list[str] = []

    def watch(kind: type[Any], name: str) -> None:
        ask: Callable[..., Any] = getattr(kind, name)

        def noted(*args: Any, **options: Any) -> Any:
            asked.append(name)
            return ask(*args, **options)

        monkeypatch.setattr(kind, name, staticmethod(noted) if name == "look_behind" else noted)

    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        house.world.say(chat, ann, "0")
        await idle(house)
        for kind, names in ((Updates, ("list_next", "look_behind")), (Deliveries, ("list_next", "look_behind"))):
            for name in names:
                watch(kind, name)
        for number in range(1, 5):
            house.world.say(chat, ann, str(number))
        await until(lambda: len(texts(house, chat)) == 5)
        await idle(house)
    assert texts(house, chat) == [f"echo: {number}" for number in range(5)]
    assert asked == []


async def test_what_another_program_has_queued_goes_out_in_its_place(house: House) -> None:
    """Between what is handed over: it is found where the next one that is queued leaves a gap behind it."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        house.world.say(chat, ann, "1")
        await idle(house)
        with plain(house.path) as other:
            other.execute(
                "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, "
                "updatedAtMs, sequence, replyId, rank) SELECT 'other', sessionId, channel, "
                """'{"method":"sendMessage","text":"other"}', 'pending', createdAtMs, updatedAtMs, sequence + 1, """
                "'other', rank FROM polar_delivery_queue"
            )
        house.world.say(chat, ann, "2")
        await until(lambda: len(texts(house, chat)) == 3)
    assert texts(house, chat) == ["echo: 1", "other", "echo: 2"]
