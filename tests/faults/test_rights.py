"""One's own data is a right that access does not take away: to have it and to have it erased, and nothing else."""

from __future__ import annotations

import json

import pytest

from emulator import Chat, Person
from middleware.texts import say
from tests.house import House
from tests.looking import awake, idle, tell
from tests.pressing import last, press, press_data
from tests.responders import ECHO

pytestmark = pytest.mark.slow

SECRET = "swordfish"
ERASE, KEEP = say("own_data.erase"), say("own_data.keep")


async def known_in_private(house: House) -> tuple[Person, Chat]:
    """Somebody who wrote here while everybody could."""
    async with house.bot(access="open", responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, f"my word is {SECRET}")
        await tell(house, chat, ann, f"/remember the fish is {SECRET}")
    return ann, chat


def mentions(house: House) -> int:
    """How many messages, memories and queued calls hold the word."""
    like = f"%{SECRET}%"
    return sum(
        house.rows(f"SELECT count(*) FROM {table} WHERE {column} LIKE ?", like)[0][0]
        for table, column in (
            ("polar_messages", "text"),
            ("polar_memory", "record"),
            ("polar_delivery_queue", "payload"),
        )
    )


@pytest.mark.alike
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("access", ["allowlist", "pairing"])
async def test_who_was_shut_out_has_the_own_data_given_and_erased(house: House, access: str) -> None:
    """By the commands and their buttons; what is written besides is answered as any stranger's, and not kept."""
    ann, chat = await known_in_private(house)
    async with house.bot(access=access, responder=ECHO):
        [caption] = await tell(house, chat, ann, "/export")
        document = house.world.sent(chat)[-1]["document"]
        given = json.loads(house.world.files[document["file_id"]])
        assert caption.startswith(say("own_data.file", counts="").partition(":")[0])
        assert f"my word is {SECRET}" in [message["text"] for message in given["messages"]]
        await tell(house, chat, ann, "/forget me")
        assert await press(house, chat, ann, KEEP) == say("own_data.kept")
        await tell(house, chat, ann, "/forget ME")
        await press(house, chat, ann, ERASE)
        assert last(house, chat)["text"] == say("own_data.erased")
        answers = await tell(house, chat, ann, "hello again")
        assert [text for text in answers if text.startswith("echo")] == []
    assert mentions(house) == 0
    assert house.rows("SELECT 1 FROM polar_messages WHERE text = 'hello again'") == []


@pytest.mark.parametrize("text", ["/memory export", "/forget", "/forget everybody", "/export all", "/ping", "/help"])
async def test_nothing_else_is_opened_by_that(house: House, text: str) -> None:
    """Other commands, and other forms of these, are a stranger's."""
    ann, chat = await known_in_private(house)
    async with house.bot(access="allowlist", responder=ECHO):
        assert await tell(house, chat, ann, text) == []
    assert house.rows("SELECT 1 FROM polar_messages WHERE text = ?", text) == []


async def test_a_press_of_another_button_stays_closed(house: House) -> None:
    """Who was shut out presses an old button: the bot is private."""
    ann, chat = await known_in_private(house)
    async with house.bot(access="allowlist", responder=ECHO):
        toast = await press_data(house, chat, ann, "au:pause:x", house.world.sent(chat)[0])
    assert toast == say("access.private")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("leaves", ["a message", "a reaction"])
async def test_who_is_known_from_a_group_only_asks_in_private(house: House, leaves: str) -> None:
    """In the group itself nothing of it is shown."""
    ann, bob = house.world.person("Ann"), house.world.person("Bob")
    group = house.world.group("Friends", [ann, bob])
    async with house.bot(access="allowlist", allowed_telegram_ids={group.id}, responder=ECHO):
        await awake(house)
        message = house.world.say(group, bob, "hello all")
        if leaves == "a message":
            house.world.say(group, ann, SECRET)
        else:
            house.world.react(group, ann, message, "👍")
        await idle(house)
        chat = house.world.private(ann)
        assert await tell(house, chat, ann, "hello") == []
        await tell(house, chat, ann, "/export")
        document = house.world.sent(chat)[-1]["document"]
        given = json.loads(house.world.files[document["file_id"]])
        await tell(house, chat, ann, "/forget me")
        await press(house, chat, ann, ERASE)
        assert await tell(house, group, ann, "/export") == [say("own_data.private")]
    assert len(given["messages" if leaves == "a message" else "feedback"]) >= 1
    assert mentions(house) == 0
    assert house.rows("SELECT text FROM polar_messages WHERE userId = ?", str(bob.id)) == [("hello all",)]


@pytest.mark.alike
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("access", ["allowlist", "pairing"])
async def test_of_whom_there_is_nothing_gets_a_strangers_answer(house: House, access: str) -> None:
    """Twice as once: what a knock at the door leaves makes nobody known, and no text of it is kept."""
    async with house.bot(access=access, responder=ECHO):
        stan, chat = house.chat("Stan")
        for _ in range(2):
            for text in ("/start", "/forget me", "/export"):
                answers = await tell(house, chat, stan, text)
                assert all(answer.startswith(say("access.private")) for answer in answers)
        toast = await press_data(house, chat, stan, f"me:y:{stan.id}:1", house.world.sent(chat)[0])
    assert toast == say("access.private")
    assert house.rows("SELECT 1 FROM polar_messages WHERE role = 'user'") == []
    assert {outcome for (outcome,) in house.rows("SELECT outcome FROM polar_audit")} == {"denied"}
