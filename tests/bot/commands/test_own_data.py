"""/export gives a person all that is theirs, /forget me erases it; nobody else's, and nothing unasked."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.run import Running
from emulator import Chat, Person
from middleware.texts import say
from storage.views import own_data
from storage.views.own_data import SECTIONS
from tests.clocks import TestClock
from tests.house import CHECKOUT, House, until
from tests.looking import awake, idle, mentions, tell, texts
from tests.pressing import buttons, last, press, press_data
from tests.responders import ECHO, HANGING

ERASE, KEEP = say("own_data.erase"), say("own_data.keep")
SECRET = "swordfish"
PENDING = "SELECT count(*) FROM polar_updates WHERE status = 'pending'"
WAITING_FILE = "SELECT payload FROM polar_delivery_queue WHERE status = 'pending' AND attempts = 1"
LEDGERS = ("polar_feedback_events", "polar_run_events", "polar_audit", "polar_access", "polar_budget_policies")


def sent_file(house: House, chat: Chat) -> dict[str, Any]:
    """The newest file that was sent to a chat, read."""
    document = next(m["document"] for m in reversed(house.world.sent(chat)) if "document" in m)
    found: dict[str, Any] = json.loads(house.world.files[document["file_id"]])
    return found


async def live(house: House, bot: Running, clock: TestClock, person: Person, chat: Chat) -> Chat:
    """Leave something everywhere that holds a word: in private and in a group, which is given back."""
    await awake(house)
    group = house.world.group("Friends", [person])
    await tell(house, chat, person, "/timezone Asia/Tokyo")
    await tell(house, chat, person, f"my word is {SECRET}")
    said = house.world.say(chat, person, "something harmless")
    await idle(house)
    house.world.edit(chat, said, f"edited to {SECRET}")
    await idle(house)
    house.world.edit(chat, said, "and back")
    await idle(house)
    await tell(house, chat, person, f"/remember the fish is {SECRET}")
    await tell(house, group, person, f"/remember in the group: {SECRET}")
    house.world.say(group, person, f"{SECRET} to the others")
    await tell(house, chat, person, f"/personality set Call me {SECRET}.")
    await tell(house, group, person, f"/personality set --session Sign with {SECRET}.")
    await tell(house, chat, person, f"/automations create every 1 hour | {SECRET} time")
    clock.advance(seconds=3600)
    bot.app.runner.wake()
    await until(lambda: f"echo: {SECRET} time" in texts(house, chat))
    await idle(house)
    house.world.react(chat, person, last(house, chat)["message_id"], "👍")
    house.world.send(chat, person, "document", caption=f"{SECRET} in a caption")
    await idle(house)
    return group


async def ask(house: House, chat: Chat, person: Person) -> dict[str, Any]:
    """The question whether to erase."""
    await tell(house, chat, person, "/forget me")
    return last(house, chat)


async def erase(house: House, chat: Chat, person: Person) -> str:
    """Ask for it, and press the button; the last thing that is said."""
    await ask(house, chat, person)
    await press(house, chat, person, ERASE)
    return texts(house, chat)[-1]


async def test_an_export_holds_what_is_a_persons_in_every_chat(house: House) -> None:
    """Messages, edits, memories, automations, profiles, reactions, zone, access; our answers in private only."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        group = await live(house, bot, clock, ann, chat)
        [caption] = await tell(house, chat, ann, "/export")
    found = sent_file(house, chat)
    assert (found["userId"], found["leftOut"], found["madeAt"][:4]) == (str(ann.id), {}, "2026")
    assert set(SECTIONS) < set(found)
    both = {f"telegram:chat:{chat.id}", f"telegram:chat:{group.id}"}
    assert {message["sessionId"] for message in found["messages"]} == both
    assert {memory["sessionId"] for memory in found["memories"]} == both
    assert {answer["sessionId"] for answer in found["answers"]} == {f"telegram:chat:{chat.id}"}
    said = [message["text"] for message in found["messages"]]
    assert said.index(f"my word is {SECRET}") < said.index(f"{SECRET} to the others")
    assert [revision["text"] for revision in found["revisions"]] == ["something harmless", f"edited to {SECRET}"]
    assert found["memories"][0]["record"] == {"fact": f"the fish is {SECRET}"}
    assert [job["promptTemplate"] for job in found["automations"]] == [f"{SECRET} time"]
    assert sorted(profile["scope"] for profile in found["personality"]) == ["session", "user"]
    assert found["timezone"][0]["timezone"] == "Asia/Tokyo"
    assert [event["emoji"] for event in found["feedback"] if event["type"] == "reaction_added"] == ["👍"]
    assert found["messages"][-2]["attachment"]["fileId"]
    assert caption.startswith("Everything that I keep of you: time zone 1, personality profiles 2, automations 1, ")


async def test_a_file_is_made_when_it_is_sent(house: House) -> None:
    """So that nothing of it lies in the queue; a start later it holds what came meanwhile as well."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, f"my word is {SECRET}")
        house.world.fault("sendDocument", "429", retry_after=3600)
        house.world.say(chat, ann, "/export")
        await until(lambda: bool(house.rows(WAITING_FILE)))
        house.world.say(chat, ann, "one more")
        await until(lambda: ("one more",) in house.rows("SELECT text FROM polar_messages"))
    [(payload,)] = house.rows(WAITING_FILE)
    assert SECRET not in payload
    async with house.bot(responder=ECHO):
        await idle(house)
    assert "one more" in [message["text"] for message in sent_file(house, chat)["messages"]]


@pytest.mark.slow
async def test_what_waits_or_is_being_answered_ends_unread_when_everything_is_erased(house: House) -> None:
    """Kept when it came, it would be stored and answered after its author was told that nothing is left."""
    async with house.bot(responder=HANGING, shutdown_seconds=0):
        ann, chat = house.chat()
        group = house.world.group("Friends", [ann])
        for place in (chat, group):
            house.world.say(place, ann, f"hang @polar_test_bot {SECRET}")
            house.world.say(place, ann, f"@polar_test_bot {SECRET} again")
        await until(lambda: house.rows(PENDING) == [(4,)])
        house.world.say(chat, ann, "/forget me")
        await house.world.wait(lambda: bool(house.world.sent(chat)))
        question = last(house, chat)
        house.world.press(chat, ann, question["message_id"], buttons(question)[ERASE])
        house.world.say(chat, ann, "hello again")
        await house.world.wait(lambda: say("own_data.erased") in texts(house, chat))
        assert mentions(house, SECRET) == set()
    async with house.bot(responder=ECHO):
        await idle(house)
    assert mentions(house, SECRET) == set()
    assert texts(house, chat)[-1] == "echo: hello again"
    assert house.world.sent(group) == []


async def test_an_export_holds_nothing_of_anybody_else(house: House) -> None:
    """Not what others wrote in the same group, nor what they are told in private."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        group = await live(house, bot, clock, ann, chat)
        house.world.say(group, bob, "hello all")
        await idle(house)
        await tell(house, other, bob, "/export")
    found = sent_file(house, other)
    assert SECRET not in json.dumps(found)
    assert [message["text"] for message in found["messages"]] == ["hello all", "/export"]


@pytest.mark.parametrize("text", ["/export", "/forget me"])
async def test_ones_own_data_is_a_matter_between_two(house: House, text: str) -> None:
    """In a group everybody would read along."""
    async with house.bot():
        ann, _ = house.chat()
        group = house.world.group("Friends", [ann])
        assert await tell(house, group, ann, text) == [say("own_data.private")]
    assert house.rows("SELECT outcome, reason FROM polar_audit") == [("denied", "not private")]


async def test_an_export_that_is_too_large_leaves_out_the_oldest_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the caption and in the file, which stays valid."""
    monkeypatch.setattr(own_data, "ROOM", 2_000)
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        for number in range(20):
            await tell(house, chat, ann, f"message {number}")
        [caption] = await tell(house, chat, ann, "/export")
    found = sent_file(house, chat)
    kept = [message["text"] for message in found["messages"]]
    assert 0 < len(kept) < 20
    assert kept == [*(f"message {number}" for number in range(21 - len(kept), 20)), "/export"]
    left_out = found["leftOut"]
    assert (left_out["messages"], left_out["answers"]) == (21 - len(kept), 21)
    assert caption.startswith(say("own_data.file_cut", counts="")[:-1])
    assert f"messages {len(kept)} of 20" in caption
    assert house.world.sent(chat)[-1]["document"]["file_size"] < 3_000


async def test_only_one_file_waits_for_a_person(house: House) -> None:
    """So that nobody fills the disk while Telegram cannot be reached."""
    async with house.bot():
        ann, chat = house.chat()
        house.world.fault("sendDocument", "hang", times=None)
        house.world.say(chat, ann, "/export")
        await until(lambda: house.rows("SELECT status FROM polar_delivery_queue") == [("sending",)])
        house.world.say(chat, ann, "/export")
        await until(lambda: len(house.rows("SELECT 1 FROM polar_delivery_queue")) == 2)
        house.world.clear_faults()
        await idle(house, updates=2)
        assert say("own_data.waiting") in [message.get("text") for message in house.world.sent(chat)]
        assert "document" in (await exported(house, chat, ann))


async def exported(house: House, chat: Chat, person: Person) -> dict[str, Any]:
    """What is sent for another /export."""
    await tell(house, chat, person, "/export")
    return last(house, chat)


async def test_forgetting_is_explained_and_asked_for_first(house: House) -> None:
    """How much there is, what stays, for how long the buttons work; a button's data has room."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, f"my word is {SECRET}")
        question = await ask(house, chat, ann)
        assert await press(house, chat, ann, KEEP, question) == say("own_data.kept")
    assert "messages 1, answers 1" in question["text"]
    assert "for 10 minutes" in question["text"]
    assert list(buttons(question)) == [ERASE, KEEP]
    assert all(len(data.encode()) <= 64 for data in buttons(question).values())
    assert mentions(house, SECRET) == {"polar_messages"}


async def test_forgetting_erases_a_persons_texts_in_every_table_and_chat(house: House) -> None:
    """In one commit; the word is nowhere in the file, and what was set is gone."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await live(house, bot, clock, ann, chat)
        assert mentions(house, SECRET) >= {"polar_messages", "polar_message_revisions", "polar_memory"}
        before = {table: house.rows(f"SELECT * FROM {table}") for table in LEDGERS}
        ids = "SELECT sequence, messageId, telegramMessageId FROM polar_messages"
        messages = house.rows(ids)
        assert await erase(house, chat, ann) == say("own_data.erased")
        for table in LEDGERS:
            assert house.rows(f"SELECT * FROM {table}")[: len(before[table])] == before[table], table
        assert house.rows(ids)[: len(messages)] == messages
        await tell(house, chat, ann, "/export")
    for table in ("memory", "message_revisions", "automation_jobs", "proposals", "users", "scheduler_events"):
        assert house.rows(f"SELECT * FROM polar_{table}") == [], table
    assert house.rows("SELECT * FROM polar_personality_profiles") == []
    assert house.rows("SELECT count(*) FROM polar_memory_fts") == [(0,)]
    assert mentions(house, SECRET) == set()
    found = sent_file(house, chat)
    assert [found[section] for section in ("memories", "automations", "personality", "timezone")] == [[], [], [], []]
    assert [event["emoji"] for event in found["feedback"] if event["type"] == "reaction_added"] == ["👍"]


async def test_forgetting_leaves_everybody_else_alone(house: House) -> None:
    """Their messages, memories and settings are as they were."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        await live(house, bot, clock, bob, other)
        theirs = "SELECT * FROM polar_{} WHERE userId = ? ORDER BY 1"
        tables = ("messages", "memory", "personality_profiles", "users")
        before = {table: house.rows(theirs.format(table), str(bob.id)) for table in tables}
        jobs = house.rows("SELECT * FROM polar_automation_jobs")
        await tell(house, chat, ann, "hello")
        await erase(house, chat, ann)
        assert {table: house.rows(theirs.format(table), str(bob.id)) for table in tables} == before
        assert house.rows("SELECT * FROM polar_automation_jobs") == jobs
        assert jobs
        assert house.rows("SELECT count(*) FROM polar_scheduler_events WHERE queue = 'scheduled'") == [(1,)]


async def test_the_next_export_of_the_files_does_not_show_what_was_erased(house: House, tmp_path: Path) -> None:
    """Neither a memory, nor a profile, nor the snippet of an answer that was reacted to."""
    clock = TestClock()

    def files() -> str:
        command = [sys.executable, "-m", "exports", f"--database={house.path}", f"--out={tmp_path / 'out'}"]
        subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, timeout=60)
        return "".join(file.read_text(encoding="utf-8") for file in sorted((tmp_path / "out").iterdir()))

    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await live(house, bot, clock, ann, chat)
        assert files().count(SECRET) >= 5
        await erase(house, chat, ann)
        after = files()
    assert SECRET not in after
    assert "👍" in after


async def test_what_could_not_be_handled_loses_its_body(house: House) -> None:
    """Whatever kind of update it was, and wherever it came from; another's stays."""
    async with house.bot(responder=ECHO):
        (ann, chat), (bob, _) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        await tell(house, chat, ann, "hello")
        await house.world.wait(lambda: house.world.updates_pending() == 0)
        question = await ask(house, chat, ann)
        bodies = {
            1: {"update_id": 1, "message": {"from": {"id": ann.id}, "chat": {"id": group.id}, "text": SECRET}},
            2: {"update_id": 2, "message_reaction": {"user": {"id": ann.id}, "chat": {"id": group.id}}},
            3: {"update_id": 3, "message": {"from": {"id": bob.id}, "chat": {"id": group.id}, "text": "mine"}},
            4: ["no update"],
        }
        await set_aside(house, bodies)
        await press(house, chat, ann, ERASE, question)
    left = house.rows("SELECT updateId, body IS NULL FROM polar_updates WHERE status = 'dead' ORDER BY updateId")
    assert left == [(1, 1), (2, 1), (3, 0), (4, 0), (5, 0)]


async def set_aside(house: House, bodies: dict[int, Any]) -> None:
    """Rows of updates that were set aside, one of them with a body that is no JSON."""
    rows = [(number, json.dumps(body).encode()) for number, body in bodies.items()] + [(5, b"\xff{")]
    with closing(sqlite3.connect(house.path, timeout=10)) as connection, connection:
        connection.executemany(
            "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, body, receivedAtMs) "
            "VALUES (?1, -?1, 'dead', 'message', 'x', ?2, 0)",
            rows,
        )


async def test_what_waits_to_be_sent_is_not_sent_any_more(house: House) -> None:
    """Answers that hang in the queue are ended without a call; the confirmation itself arrives."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        question = await ask(house, chat, ann)
        house.world.fault("sendMessage", "hang", times=None)
        for number in range(3):
            house.world.say(chat, ann, f"{SECRET} {number}")
        waiting = "SELECT status FROM polar_delivery_queue WHERE payload LIKE '%swordfish%' ORDER BY sequence"
        await until(lambda: house.rows(waiting) == [("sending",), ("pending",), ("pending",)])
        data = buttons(question)[ERASE]
        house.world.press(chat, ann, question["message_id"], data)
        await until(lambda: house.rows(waiting) == [])
        house.world.clear_faults()
        await idle(house)
        assert texts(house, chat)[-1] == say("own_data.erased")
        assert not [text for text in texts(house, chat) if f"{SECRET} 1" in text or f"{SECRET} 2" in text]
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]
    assert mentions(house, SECRET) == set()
    assert house.rows("SELECT DISTINCT status FROM polar_delivery_queue") == [("sent",)]


async def test_the_buttons_work_once(house: House) -> None:
    """What is written after it is not erased by an old button."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        question = await ask(house, chat, ann)
        await press(house, chat, ann, ERASE, question)
        await tell(house, chat, ann, "something new")
        assert await press(house, chat, ann, ERASE, question) == say("button.out_of_date")
    assert mentions(house, "something new") == {"polar_messages"}


async def test_the_buttons_work_for_ten_minutes(house: House) -> None:
    """Nobody erases by a slip of the thumb in an old conversation."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        question = await ask(house, chat, ann)
        clock.advance(seconds=599)
        assert await press(house, chat, ann, KEEP, question) == say("own_data.kept")
        clock.advance(seconds=2)
        assert await press(house, chat, ann, ERASE, question) == say("button.out_of_date")
        clock.advance(seconds=-700)
        assert await press(house, chat, ann, ERASE, question) == say("button.out_of_date")
    assert mentions(house, "/forget me") == {"polar_messages"}


FORGED = ["me:y:{bob}:{now}", "me:y::", "me:y:{ann}", "me:y:{ann}:later", "me:", "me:y:{ann}:-1", "me:y:{ann}:١"]


async def test_a_button_that_was_not_made_for_somebody_does_nothing(house: House) -> None:
    """Whatever a client sends as its data."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        (ann, chat), (bob, _) = house.chat(), house.chat("Bob")
        await tell(house, chat, ann, SECRET)
        question = await ask(house, chat, ann)
        for data in FORGED:
            made = data.format(ann=ann.id, bob=bob.id, now=clock() // 1000)
            assert await press_data(house, chat, ann, made, question) == say("button.out_of_date"), data
            assert "polar_messages" in mentions(house, SECRET)
        assert await press(house, chat, ann, KEEP, question) == say("own_data.kept")


async def test_nobody_can_press_for_somebody_else(house: House) -> None:
    """Nor in a group, however the button came there."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        await tell(house, chat, ann, SECRET)
        question = await ask(house, chat, ann)
        data = buttons(question)[ERASE]
        await tell(house, other, bob, "/ping")
        assert await press_data(house, other, bob, data, last(house, other)) == say("button.out_of_date")
        await tell(house, group, ann, "/ping")
        assert await press_data(house, group, ann, data, last(house, group)) == say("button.out_of_date")
    assert "polar_messages" in mentions(house, SECRET)


async def test_what_is_said_after_it_is_kept_again(house: House) -> None:
    """Nothing of the person is blocked, and who may talk to the bot still may."""
    async with house.bot(access="allowlist", allowed_telegram_ids={500}, responder=ECHO):
        ann = house.world.person("Ann", id=500)
        chat = house.world.private(ann)
        await erase(house, chat, ann)
        assert await tell(house, chat, ann, "hello again") == ["echo: hello again"]
        await tell(house, chat, ann, "/remember a new fact")
        assert "a new fact" in (await tell(house, chat, ann, "/memory"))[0]


@pytest.mark.parametrize("text", ["/forget", "/forget everything", "/forget me now"])
async def test_forgetting_something_else_is_a_wrong_call(house: House, text: str) -> None:
    """With the way to forget a single memory."""
    async with house.bot():
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, text)
    assert answer.startswith(say("own_data.what"))
    assert "/memory forget" in answer
