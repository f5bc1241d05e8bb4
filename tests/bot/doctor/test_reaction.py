"""A reaction really made: in the chat its own turn says that it came; beside the bot its ledger is watched."""

from __future__ import annotations

from typing import Any

from bot.clock import system_clock
from bot.doctor.reaction import wait_for_reaction
from emulator import Chat, Person
from middleware.texts import say
from storage.engines import connect_readers
from tests.bot.doctor.judged import judged
from tests.house import House
from tests.looking import awake, idle, reactions, tell

ADMIN: dict[str, Any] = {"admin_telegram_ids": {501}, "access": "allowlist"}


def admin(house: House) -> tuple[Person, Chat]:
    """An admin, and the private chat."""
    ann = house.world.person("Ann", id=501)
    return ann, house.world.private(ann)


def shown(house: House, chat: Chat) -> list[str]:
    """What stands in a chat now, of what the bot said."""
    return [message["text"] for message in house.world.sent(chat)]


async def test_the_message_that_asks_for_a_reaction_says_that_it_came(house: House) -> None:
    """Whatever the emoji; a later one takes its place, and what is taken away changes nothing."""
    async with house.bot(**ADMIN):
        await awake(house)
        ann, chat = admin(house)
        report, request = await tell(house, chat, ann, "/doctor")
        asked = house.world.sent(chat)[-1]["message_id"]
        assert report.startswith("🩺 ")
        assert request == say("doctor.react")
        for emoji, named in ((["👎"], "👎"), (["🔥"], "🔥"), ([], "🔥")):
            house.world.react(chat, ann, asked, *emoji)
            await idle(house)
            assert shown(house, chat)[1].startswith(f"✅ A reaction has arrived: {named}, ")
        assert shown(house, chat)[0] == report
        assert len(shown(house, chat)) == 2
    assert [event.message_id for event in reactions(house)] == [f"msg_a_{asked}"] * 4


async def test_a_reaction_to_another_message_changes_nothing(house: House) -> None:
    """Neither does one to a request that a later one has replaced."""
    async with house.bot(**ADMIN):
        await awake(house)
        ann, chat = admin(house)
        for _ in range(2):
            await tell(house, chat, ann, "/doctor")
        before = shown(house, chat)
        first_report, first_request = (message["message_id"] for message in house.world.sent(chat)[:2])
        for message_id in (first_report, first_request):
            house.world.react(chat, ann, message_id, "👍")
        await idle(house)
        assert shown(house, chat) == before
    assert len(reactions(house)) == 2


async def test_a_request_outlives_a_restart(house: House) -> None:
    """The reaction may come at any time."""
    async with house.bot(**ADMIN):
        await awake(house)
        ann, chat = admin(house)
        await tell(house, chat, ann, "/doctor")
    house.world.react(chat, ann, house.world.sent(chat)[-1]["message_id"], "👍")
    async with house.bot(**ADMIN):
        await idle(house)
        assert shown(house, chat)[1].startswith("✅ A reaction has arrived: 👍")


async def test_beyond_the_rate_limit_the_message_stays_as_it_is(house: House) -> None:
    """It is neither edited nor deleted; the reaction is recorded all the same."""
    async with house.bot(**ADMIN, rate_limit_per_minute=1):
        await awake(house)
        ann, chat = admin(house)
        await tell(house, chat, ann, "/doctor")
        house.world.react(chat, ann, house.world.sent(chat)[-1]["message_id"], "👍")
        await idle(house)
        assert shown(house, chat)[1] == say("doctor.react")
    assert len(reactions(house)) == 1


async def test_the_ledger_of_a_bot_that_runs_is_watched_for_a_reaction(house: House) -> None:
    """One that was there before does not count; a person reacts to any message, wherever."""
    clock = system_clock()
    async with house.bot():
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, "/ping")
        message_id = house.world.sent(chat)[-1]["message_id"]
        house.world.react(chat, ann, message_id, "👍")
        await idle(house)
        readers = await connect_readers(house.path)
        try:
            none = await wait_for_reaction(readers, clock, ask=lambda: None, limit_s=0)
            assert judged(none) == ("failed", "none")

            def react() -> None:
                house.world.react(chat, ann, message_id, "🔥")

            found = await wait_for_reaction(readers, clock, ask=react, limit_s=30)
        finally:
            await readers.close()
    assert judged(found) == ("ok", "arrived")
    assert found.values == {"emoji": "🔥", "chat": chat.id}


async def test_without_a_bot_that_runs_nobody_is_asked_to_react(house: House) -> None:
    """It could not arrive."""

    def ask() -> None:
        raise AssertionError

    async with house.bot():
        pass
    readers = await connect_readers(house.path)
    try:
        for read in (readers, None):
            found = await wait_for_reaction(read, system_clock(), ask=ask, limit_s=30)
            assert judged(found) == ("failed", "no_bot")
    finally:
        await readers.close()
