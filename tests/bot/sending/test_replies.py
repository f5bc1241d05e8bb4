"""Replies: queued with the turn, sent in order by one sender, each with a receipt; nothing lost, nothing doubled."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from bot import telegram
from emulator import Chat, Person
from middleware.turn import Turn
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import MARK, awake, idle, queue, tell, texts
from tests.responders import ECHO, LONG

# python-telegram-bot announces another type of this attribute, which nothing here uses.
pytestmark = [
    pytest.mark.usefixtures("transport", "hasty"),
    pytest.mark.filterwarnings("ignore:.*retry_after:DeprecationWarning"),
]

LATER = 3600
"""Seconds of a pause that no test waits for."""


def sends(house: House, chat: Chat) -> list[dict[str, Any]]:
    """The parameters of every sendMessage to a chat."""
    return [c.params for c in house.world.calls if c.method == "sendMessage" and c.params["chat_id"] == chat.id]


async def test_a_long_answer_arrives_in_parts_in_order_each_with_its_receipt(house: House) -> None:
    """Every part is a message row with the Telegram id that it got."""
    async with house.bot(responder=LONG, feedback_buttons="always"):
        ann, chat = house.chat()
        parts = await tell(house, chat, ann, "10")
    assert len(parts) == 3
    assert "\n\n".join(parts) == "\n\n".join(f"{n} " + "x" * 997 for n in range(10))
    sent = house.world.sent(chat)
    assert house.rows(
        "SELECT telegramMessageId, messageId, text FROM polar_messages WHERE role = 'assistant' ORDER BY sequence"
    ) == [(m["message_id"], f"msg_a_{m['message_id']}", m["text"]) for m in sent]
    assert ["reply_markup" in message for message in sent] == [False, False, True]


async def test_a_part_that_is_refused_takes_the_later_ones_along(house: House) -> None:
    """Half an answer is not continued after a gap; the next answer is sent."""
    async with house.bot(responder=LONG):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "slow", seconds=0)
        house.world.fault("sendMessage", "400:not like this")
        await tell(house, chat, ann, "10")
        await tell(house, chat, ann, "1")
    assert queue(house) == [
        ("sent", 0, None),
        ("failed", 0, "Not like this"),
        ("failed", 0, "an earlier part failed"),
        ("sent", 0, None),
    ]
    assert [text[0] for text in texts(house, chat)] == ["0", "0"]
    missing = "SELECT count(*) FROM polar_messages WHERE role = 'assistant' AND telegramMessageId IS NULL"
    assert house.rows(missing) == [(2,)]


async def test_after_a_restart_an_answer_goes_on_at_the_part_that_was_not_sent(house: House) -> None:
    """Parts that have receipts are not sent again."""
    async with house.bot(responder=LONG, shutdown_seconds=0):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "slow", seconds=0)
        house.world.fault("sendMessage", "429", retry_after=LATER)
        house.world.say(chat, ann, "10")
        await until(lambda: house.path.exists() and "429" in str(queue(house)))
    assert len(texts(house, chat)) == 1
    async with house.bot(responder=LONG):
        await house.world.wait(lambda: len(texts(house, chat)) == 3)
        await idle(house)
    assert "\n\n".join(texts(house, chat)) == "\n\n".join(f"{n} " + "x" * 997 for n in range(10))


async def test_an_answer_stays_in_its_topic_and_the_general_topic_has_no_id(house: House) -> None:
    """Sending to the General topic by id is refused by Telegram."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann = house.world.person("Ann")
        forum = house.world.group("Forum", [ann], forum=True)
        topic = house.world.topic(forum, "Plants")
        asked = house.world.say(forum, ann, "@polar_test_bot in the topic", topic=topic)
        await idle(house)
        await tell(house, forum, ann, "@polar_test_bot in general")
    inside, general = sends(house, forum)
    assert inside["message_thread_id"] == topic
    assert inside["reply_parameters"] == {"message_id": asked, "allow_sending_without_reply": True}
    assert "message_thread_id" not in general
    assert house.rows("SELECT role, threadKey FROM polar_messages ORDER BY sequence") == [
        ("user", f"topic:{forum.id}:{topic}"),
        ("assistant", f"topic:{forum.id}:{topic}"),
        ("user", f"root:{forum.id}"),
        ("assistant", f"root:{forum.id}"),
    ]


async def test_an_answer_in_a_reply_thread_names_no_thread(house: House) -> None:
    """A bare message_thread_id is only a reply thread; the answer replies to what it answers instead."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        first = house.world.say(group, ann, "look")
        second = house.world.say(group, ann, "@polar_test_bot what is it?", reply_to=first)
        await idle(house)
    [sent] = sends(house, group)
    assert "message_thread_id" not in sent
    assert sent["reply_parameters"]["message_id"] == second
    keys = house.rows("SELECT threadKey FROM polar_messages WHERE sessionId = ? ORDER BY sequence", session(group))
    assert keys == [(f"root:{group.id}",), (f"reply:{group.id}:{first}",), (f"reply:{group.id}:{first}",)]


async def test_in_private_an_answer_is_a_plain_message(house: House) -> None:
    """There is nobody else whom it could be for."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
    assert "reply_parameters" not in sends(house, chat)[0]


@pytest.mark.parametrize("kind", ["429", "hang", "slow", "hang_after"])
async def test_what_delays_one_chat_delays_no_other(house: House, kind: str) -> None:
    """A 429 waits for its chat only, and so does a send that hangs."""
    async with house.bot(responder=ECHO, shutdown_seconds=0):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        house.world.fault("sendMessage", kind, chat=chat, retry_after=LATER)
        house.world.say(chat, ann, "one")
        await house.world.wait(lambda: len(sends(house, chat)) == 1)
        for n in range(20):
            house.world.say(other, bob, f"{n}")
        await house.world.wait(lambda: len(texts(house, other)) == 20)
        assert len(sends(house, chat)) == 1
    assert texts(house, other) == [f"echo: {n}" for n in range(20)]


async def test_a_429_is_waited_out_and_the_message_sent_unmarked(house: House) -> None:
    """Nothing was sent, so nothing can be doubled; what came later stays behind it."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "429", retry_after=1)
        for text in ("one", "two"):
            house.world.say(chat, ann, text)
        await house.world.wait(lambda: len(texts(house, chat)) == 2)
        await idle(house)
    assert texts(house, chat) == ["echo: one", "echo: two"]
    assert queue(house) == [("sent", 0, None)] * 2
    assert house.rows("SELECT attempts FROM polar_delivery_queue") == [(2,), (1,)]


async def automated(house: House, clock: TestClock, chat: Chat, person: Person) -> str:
    """The id of an automation in this chat."""
    [answer] = await tell(house, chat, person, "/automations create every 1 hour | stretch")
    return answer.split()[1].rstrip(":")


async def test_a_403_pauses_the_automations_of_that_chat_and_keeps_the_reason(house: House) -> None:
    """Who has blocked the bot is not written to by the clock; other chats' automations go on."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        await automated(house, clock, chat, ann)
        kept = await automated(house, clock, other, bob)
        house.world.fault("sendMessage", "403:bot was blocked by the user", chat=chat)
        await tell(house, chat, ann, "hello")
    assert queue(house)[-1] == ("failed", 0, "Forbidden: bot was blocked by the user")
    assert house.rows("SELECT id FROM polar_automation_jobs WHERE enabled = 1") == [(kept,)]
    assert house.rows("SELECT eventId FROM polar_scheduler_events") == [(f"automation:{kept}",)]


async def test_being_blocked_or_removed_pauses_the_automations_there(house: House) -> None:
    """my_chat_member tells of it before any send fails."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        group = house.world.group("Friends", [ann])
        for place in (chat, group):
            await automated(house, clock, place, ann)
        house.world.block(ann)
        await until(lambda: house.rows("SELECT sum(enabled) FROM polar_automation_jobs") == [(1,)])
        house.world.remove_bot(group, ann)
        await until(lambda: house.rows("SELECT sum(enabled) FROM polar_automation_jobs") == [(0,)])
    assert house.rows("SELECT * FROM polar_scheduler_events") == []


@pytest.mark.parametrize("said", ["message to be replied not found", "message thread not found", "TOPIC_CLOSED"])
async def test_a_reply_target_or_topic_that_is_gone_is_left_out(house: House, said: str) -> None:
    """The answer matters more than its place."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann = house.world.person("Ann")
        forum = house.world.group("Forum", [ann], forum=True)
        topic = house.world.topic(forum, "Plants")
        house.world.fault("sendMessage", f"400:{said}")
        house.world.say(forum, ann, "@polar_test_bot hello", topic=topic)
        await idle(house)
    first, second = sends(house, forum)
    dropped = first.keys() - second.keys()
    assert dropped == ({"reply_parameters"} if "replied" in said else {"message_thread_id"})
    assert texts(house, forum) == ["echo: @polar_test_bot hello"]
    assert queue(house) == [("sent", 0, None)]


async def test_a_refusal_that_says_not_modified_counts_as_sent(house: House) -> None:
    """What was wanted is there already."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "400:message is not modified")
        await tell(house, chat, ann, "hello")
    assert [row[0] for row in queue(house)] == ["sent"]
    assert len(sends(house, chat)) == 1


async def test_another_400_ends_the_message_with_its_reason(house: House) -> None:
    """It would be refused again and again."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "400:chat not found")
        await tell(house, chat, ann, "one")
        await tell(house, chat, ann, "two")
    assert queue(house) == [("failed", 0, "Chat not found"), ("sent", 0, None)]
    assert texts(house, chat) == ["echo: two"]


def session(chat: Chat) -> str:
    """The session of a chat."""
    return f"telegram:chat:{chat.id}"


async def furnished(house: House, clock: TestClock) -> tuple[Person, Chat]:
    """A basic group that is let in, with an automation and a memory, and its admin."""
    boss = house.world.person("Boss", id=900)
    group = house.world.group("Friends", [boss], basic=True)
    await tell(house, group, boss, "/pair")
    await automated(house, clock, group, boss)
    await tell(house, group, boss, "/remember the key is under the mat")
    return boss, group


def check_moved(house: House, old: Chat, new: Chat) -> None:
    """What lives has moved; the ledgers tell what was, where it was."""
    moved = {"polar_automation_jobs": "sessionId", "polar_memory": "sessionId", "polar_access": "subject"}
    for table, column in moved.items():
        assert house.rows(f"SELECT {column} FROM {table}") == [(session(new),)], table
    assert house.rows("SELECT DISTINCT sessionId FROM polar_feedback_events") == [(session(old),)]


async def test_a_group_that_becomes_a_supergroup_takes_everything_along(house: House) -> None:
    """By the service message: jobs, grants and memory have the new chat's id."""
    clock = TestClock()
    async with house.bot(clock, access="pairing", admin_telegram_ids={900}, responder=ECHO):
        boss, group = await furnished(house, clock)
        new = house.world.migrate(group)
        await idle(house)
        check_moved(house, group, new)
        assert await tell(house, new, boss, "@polar_test_bot hello") == ["echo: @polar_test_bot hello"]


async def test_a_group_whose_migration_we_learn_from_an_error_takes_everything_along(house: House) -> None:
    """By migrate_to_chat_id in a refusal: what was refused is sent to the new chat."""
    clock = TestClock()
    async with house.bot(clock, access="pairing", admin_telegram_ids={900}, responder=ECHO):
        boss, group = await furnished(house, clock)
        new = house.world.group("Friends", [boss])
        house.world.say(group, boss, "@polar_test_bot hello")
        house.world.room(group).migrated_to = new.id
        await house.world.wait(lambda: len(texts(house, new)) == 1)
        await idle(house)
    check_moved(house, group, new)
    assert texts(house, new) == ["echo: @polar_test_bot hello"]
    # The message that it replied to has another number there.
    assert ["reply_parameters" in call for call in (*sends(house, group)[-1:], *sends(house, new))] == [True, False]
    assert queue(house)[-1][:2] == ("sent", 0)
    [(message_id, session_id)] = house.rows(
        "SELECT telegramMessageId, sessionId FROM polar_messages ORDER BY sequence DESC LIMIT 1"
    )
    assert (message_id, session_id) == (house.world.sent(new)[0]["message_id"], session(new))


@pytest.mark.parametrize("kind", ["cut", "500", "502-html", "404-html", "hang", "cut_after", "hang_after"])
async def test_an_unclear_send_is_repeated_once_and_marked(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It may have arrived; it is sent again only after some other call has succeeded."""
    if kind.startswith("hang"):
        monkeypatch.setattr(telegram, "READ_S", 1.0)
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        house.world.fault("sendMessage", kind)
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: any(text.startswith(MARK) for text in texts(house, chat)))
        await idle(house)
    arrived = kind in ("cut_after", "hang_after")
    assert texts(house, chat) == ["echo: hello"] * arrived + [MARK + "echo: hello"]
    assert queue(house) == [("sent", 1, None)]
    calls = [call.method for call in house.world.calls if call.method in ("sendMessage", "getMe")]
    first, *probes, last = calls[calls.index("sendMessage") :]
    assert (first, {*probes}, last) == ("sendMessage", {"getMe"}, "sendMessage")
    stored = house.rows("SELECT text, telegramMessageId FROM polar_messages WHERE role = 'assistant'")
    assert stored == [("echo: hello", house.world.sent(chat)[-1]["message_id"])]


async def test_an_unclear_send_waits_until_the_line_works(house: House) -> None:
    """While no call succeeds it is not repeated, as that would only be unclear again."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "cut")
        house.world.fault("getMe", "502-html", times=2)
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
    calls = [(c.method, c.fault) for c in house.world.calls if c.method in ("sendMessage", "getMe")]
    assert calls[-5:] == [
        ("sendMessage", "cut"),
        ("getMe", "502-html"),
        ("getMe", "502-html"),
        ("getMe", None),
        ("sendMessage", None),
    ]


async def test_what_is_unclear_twice_is_given_up_and_the_admins_are_told(house: House) -> None:
    """Once, by ids: no text of anybody is passed on."""
    async with house.bot(responder=ECHO, admin_telegram_ids={900}):
        boss = house.world.person("Boss", id=900)
        office = house.world.private(boss)
        ann, chat = house.chat()
        house.world.fault("sendMessage", "cut", times=2, chat=chat)
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(texts(house, office)) == 1)
        await idle(house)
        await tell(house, chat, ann, "again")
    [(status, ambiguous, reason), *_] = queue(house)
    assert (status, ambiguous) == ("failed", 1)
    assert reason.startswith("unclear twice")
    [notice] = texts(house, office)
    assert session(chat) in notice
    assert "hello" not in notice
    assert texts(house, chat) == ["echo: again"]


async def test_the_owner_is_told_too(house: House) -> None:
    """Whoever became it by the link, without any setting."""
    async with house.bot(responder=ECHO, access="pairing"):
        olga, chat = house.chat("Olga")
        await tell(house, chat, olga, f"/start {house.lines[0].rpartition('=')[2]}")
        group = house.world.group("Friends", [olga])
        await tell(house, group, olga, "/pair")
        house.world.fault("sendMessage", "cut", times=2, chat=group)
        house.world.say(group, olga, "@polar_test_bot hello")
        await house.world.wait(lambda: len(texts(house, chat)) == 2)
    assert session(group) in texts(house, chat)[1]


async def test_a_notice_that_cannot_be_delivered_brings_no_further_notice(house: House) -> None:
    """Else one bad line would make messages without end."""
    async with house.bot(responder=ECHO, admin_telegram_ids={900}):
        boss = house.world.person("Boss", id=900)
        office = house.world.private(boss)
        house.world.fault("sendMessage", "cut", times=4, chat=office)
        house.world.say(office, boss, "hello")
        await until(lambda: [row[0] for row in queue(house)] == ["failed", "failed"])
        assert await tell(house, office, boss, "again") == ["echo: again"]
    assert len(queue(house)) == 3


async def test_a_send_that_a_killed_process_left_is_repeated_and_marked(house: House) -> None:
    """`sending` at the start means that nobody knows; this stands for the kill of which another test is full."""
    async with house.bot(responder=ECHO, shutdown_seconds=0):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "hang_after")
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
    assert queue(house) == [("sending", 0, None)]
    house.world.clear_faults()
    async with house.bot(responder=ECHO):
        await house.world.wait(lambda: len(texts(house, chat)) == 2)
        await idle(house)
    assert texts(house, chat) == ["echo: hello", MARK + "echo: hello"]


@pytest.mark.slow
async def test_a_refused_connection_is_tried_again_without_limit_and_without_mark(house: House) -> None:
    """The request never left, so it cannot have arrived."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "429", retry_after=1)
        house.world.say(chat, ann, "hello")
        await until(lambda: "429" in str(queue(house)))
        await house.server.stop_listening()
        attempts = "SELECT attempts FROM polar_delivery_queue"
        await until(lambda: house.rows(attempts)[0][0] >= 6)
        await house.server.listen_again()
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
        await idle(house)
    assert texts(house, chat) == ["echo: hello"]
    assert queue(house) == [("sent", 0, None)]


class Invisible:
    """Answers with zero-width characters, blanks and marks of direction."""

    async def respond(self, turn: Turn) -> str:
        """Nothing to see."""
        return "\u200b\u200d \n\u200e\u2060\ufeff\u2800"


invisible = Invisible()


async def test_a_reply_without_anything_to_see_is_not_sent(house: House) -> None:
    """Telegram refuses a message of mere white space and zero-width characters."""
    async with house.bot(responder="tests.bot.sending.test_replies:invisible"):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
    assert queue(house) == []
    assert house.rows("SELECT status FROM polar_updates") == [("done",)]


async def test_a_row_that_nobody_can_read_fails_and_holds_nobody_up(house: House) -> None:
    """Neither its own chat nor the process: it may be of a newer version, or damaged."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "one")
    with closing(sqlite3.connect(house.path)) as connection, connection:
        connection.executemany(
            "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, "
            "updatedAtMs, sequence, replyId) VALUES (?1, ?2, 'telegram', ?3, 'pending', 1, 1, ?4, ?1)",
            [("a", session(chat), "no JSON", 98), ("b", session(chat), '{"method":"sendHologram"}', 99)],
        )
    async with house.bot(responder=ECHO):
        assert await tell(house, chat, ann, "two") == ["echo: two"]
    assert queue(house)[1:] == [
        ("failed", 0, "the queue holds something that is no call"),
        ("failed", 0, "the queue holds a call that this version does not know: sendHologram"),
        ("sent", 0, None),
    ]
