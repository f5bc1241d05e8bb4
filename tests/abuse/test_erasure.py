"""What was erased is nowhere: in no table, whatever was in hand then, and in no file, while the bot goes on."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from bot import sweeper
from bot.cli import erase as command
from bot.sending import display
from bot.sweeper import Sweeper
from emulator import Chat, Person
from middleware.replies.outbox import Outbox
from middleware.turn import Turn
from storage.erasure import Erasure
from storage.sqlite import connections
from storage.statement import Statement
from storage.tables.memories import Memories
from storage.traces import Traces
from tests.automating import HOUR, create, outcomes
from tests.bot.cli.terminal import polar, printed
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import files_with, idle, mentions, tell, texts
from tests.pressing import forget_me
from tests.responders import ECHO, HANGING, WRITING, Writing

pytestmark = pytest.mark.slow

SECRET = "swordfish"
SWEPT = (
    "SELECT count(*) FROM polar_properties AS a JOIN polar_properties AS b ON a.value = b.value "
    "WHERE a.name = 'erasures' AND b.name = 'erasures_off_disk'"
)
STATES = "SELECT status, count(*) FROM polar_updates GROUP BY status ORDER BY status"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown after a second is shown at once here, and what is tried again in a second sooner."""
    monkeypatch.setattr(display, "START_S", 0.01)
    monkeypatch.setattr(display, "EVERY_S", 0.01)
    monkeypatch.setattr(sweeper, "SOON_S", 0.02)
    Writing.reset()


async def off_disk(house: House) -> None:
    """Wait until the bot has removed what erasing leaves on the disk."""
    await until(lambda: house.rows(SWEPT) == [(1,)])


@contextmanager
def reading(house: House) -> Iterator[None]:
    """Another program that reads what there is now, for as long as this is open."""
    with closing(sqlite3.connect(house.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM polar_messages").fetchone()
        yield


async def asked_in_a_group(house: House) -> tuple[Person, Chat, Chat]:
    """A person, the chat with her, and a group in which an answer to her words is being made."""
    ann, chat = house.chat()
    group = house.world.group("Friends", [ann])
    house.world.say(group, ann, f"@{house.world.bot.username} {SECRET}?")
    await until(lambda: Writing.calls == 1)
    return ann, chat, group


async def test_an_answer_in_hand_when_its_question_is_erased_is_not_begun(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first words would be stored early, in a commit of their own, behind the erasure."""
    begun = asyncio.Event()
    placeholder = Outbox.placeholder

    def begin(outbox: Outbox, turn: Turn, text: str) -> list[Statement]:
        begun.set()
        return placeholder(outbox, turn, text)

    monkeypatch.setattr(Outbox, "placeholder", begin)
    async with house.bot(responder=WRITING):
        ann, chat, group = await asked_in_a_group(house)
        await forget_me(house, chat, ann)
        Writing.say(f"You said {SECRET}")
        await begun.wait()
        Writing.done.set()
        await idle(house)
    assert mentions(house, SECRET) == set()
    assert house.world.sent(group) == []


async def test_an_answer_that_grows_when_its_question_is_erased_is_taken_back(house: House) -> None:
    """What people saw of it goes where it was shown, and out of every table."""
    async with house.bot(responder=WRITING):
        ann, chat, group = await asked_in_a_group(house)
        Writing.say(f"You said {SECRET}")
        await house.world.wait(lambda: texts(house, group) == [f"You said {SECRET}"])
        await forget_me(house, chat, ann)
        Writing.done.set()
        await house.world.wait(lambda: house.world.sent(group) == [])
        await idle(house)
    assert mentions(house, SECRET) == set()


async def test_a_run_in_hand_when_its_owner_erases_stores_nothing(house: House) -> None:
    """It ends as skipped, and its prompt is nowhere."""
    clock = TestClock()
    async with house.bot(clock, responder=WRITING) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, f"every 1 hour | {SECRET}")
        clock.advance(seconds=HOUR)
        bot.app.runner.wake()
        await until(lambda: Writing.calls == 1)
        await forget_me(house, chat, ann)
        Writing.say(f"{SECRET}!")
        Writing.done.set()
        await until(lambda: bot.app.runner.in_hand == 0)
        await idle(house)
    assert outcomes(house) == [("skipped", "erased")]
    assert mentions(house, SECRET) == set()


async def test_what_others_replied_loses_the_words_that_it_quotes(house: House) -> None:
    """An update that could not be handled can still be tried again; it only does not say any more to what."""
    async with house.bot(responder=ECHO):
        (ann, chat), (bob, _) = house.chat(), house.chat("Bob")
        await tell(house, chat, ann, "hello")
        replied = {"from": {"id": ann.id}, "text": SECRET, "message_id": 3}
        message = {"from": {"id": bob.id}, "text": "so?", "reply_to_message": replied, "quote": {"text": SECRET}}
        house.write(
            "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, body, receivedAtMs) "
            "VALUES (1, 10000, 'dead', 'message', 'x', ?, 1)",
            json.dumps({"update_id": 1, "message": message}).encode(),
        )
        await forget_me(house, chat, ann)
    [(body,)] = house.rows("SELECT body FROM polar_updates WHERE updateId = 1")
    assert json.loads(body) == {
        "update_id": 1,
        "message": {
            "from": {"id": bob.id},
            "text": "so?",
            "reply_to_message": {"from": {"id": ann.id}, "message_id": 3},
        },
    }


async def live(house: House, person: Person, chat: Chat) -> None:
    """Leave a word in short and long messages, edits, memories, profiles, jobs, files and answers."""
    await tell(house, chat, person, f"my word is {SECRET}")
    await tell(house, chat, person, f"{SECRET} " * 300)
    said = house.world.say(chat, person, "something")
    await idle(house)
    for text in (f"edited to {SECRET}", f"{SECRET} " * 200, "and back"):
        house.world.edit(chat, said, text)
        await idle(house)
    for number in range(30):
        await tell(house, chat, person, f"/remember fact {number} of {SECRET}{number}")
    await tell(house, chat, person, f"/personality set Call me {SECRET}.")
    await tell(house, chat, person, f"/automations create every 1 hour | {SECRET}")


async def test_no_file_holds_what_was_erased(house: House) -> None:
    """Neither the database nor its log, while the bot goes on and others write."""
    async with house.bot(responder=ECHO):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        await live(house, ann, chat)
        assert files_with(house, SECRET) != []
        house.world.say(other, bob, "meanwhile")
        await forget_me(house, chat, ann)
        house.world.say(other, bob, "and behind it")
        await off_disk(house)
        assert files_with(house, SECRET) == []
        await idle(house)
        assert files_with(house, SECRET) == []
        assert mentions(house, SECRET) == set()
        assert texts(house, other) == ["echo: meanwhile", "echo: and behind it"]
    assert files_with(house, SECRET) == []


async def test_whoever_reads_the_log_delays_that_and_nothing_else(house: House) -> None:
    """The bot answers meanwhile, and empties the log when the reader has ended."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await live(house, ann, chat)
        with reading(house):
            await forget_me(house, chat, ann)
            assert await tell(house, chat, ann, "still there?") == ["echo: still there?"]
            assert house.rows(SWEPT) == [(0,)]
            assert "-wal" in files_with(house, SECRET)
        await off_disk(house)
        assert files_with(house, SECRET) == []


async def ended_before(sweeper: Sweeper) -> bool:
    """What a process that was killed has done of it."""
    return True


async def test_what_a_killed_process_left_on_the_disk_goes_at_the_next_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That there is something left stands in the commit that erased it."""
    with closing(sqlite3.connect(house.path)) as other:  # as long as it is open, nobody who closes folds the log in
        with monkeypatch.context() as patch:
            patch.setattr(Sweeper, "sweep", ended_before)
            async with house.bot(responder=ECHO):
                ann, chat = house.chat()
                other.execute("SELECT count(*) FROM polar_messages").fetchone()
                await tell(house, chat, ann, SECRET)
                await forget_me(house, chat, ann)
        assert files_with(house, SECRET) == ["-wal"]
        async with house.bot(responder=ECHO):
            await off_disk(house)
            assert files_with(house, SECRET) == []


async def test_a_large_index_of_words_is_merged_to_its_end(house: House) -> None:
    """In steps of some pages each, however many parts it has."""
    async with house.bot(responder=ECHO) as bot:
        database, memories = bot.app.database, Memories(bot.app.database)
        for number in range(400):
            user = "7" if number % 2 else "8"
            words = f"{SECRET}{number:04}" if user == "7" else f"common{number:04} "
            fact = " ".join(f"{words}x{part:03}" for part in range(60))
            await database.commit(
                *memories.add(memory_id=f"m{number}", session_id="s", user_id=user, fact=fact, now_ms=1)
            )
        await database.commit(*Erasure(database).of("7", now_ms=1)[:-1])  # without the merge that goes along
        bot.app.sweeper.wake()
        await off_disk(house)
        assert files_with(house, SECRET) == []
        assert mentions(house, SECRET) == set()
        found = await memories.search("common0002", session_id="s", user_id="8", limit=5)
    assert [memory.memory_id for memory in found] == ["m2"]


async def test_what_cannot_be_removed_from_the_disk_ends_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the index of words is damaged: the bot says so in its log, goes on, and tries again later."""
    monkeypatch.setattr(Traces, "merge", lambda traces, begins: (Statement("SELECT 1 FROM nowhere"),))
    async with house.bot(responder=ECHO) as bot:
        ann, chat = house.chat()
        await tell(house, chat, ann, SECRET)
        await forget_me(house, chat, ann)
        await until(lambda: "no such table: nowhere" in caplog.text)
        assert await tell(house, chat, ann, "still there?") == ["echo: still there?"]
        assert not bot.finished.done()
        monkeypatch.undo()
        bot.app.sweeper.wake()
        await off_disk(house)


def test_the_writer_overwrites_what_it_deletes(house: House) -> None:
    """Whatever SQLite was built to do; less than ON leaves what stood on pages that nobody uses any more."""
    with closing(connections.connect_writer(house.path, busy_ms=0)) as connection:
        assert connection.execute("PRAGMA secure_delete").fetchone()[0] == 1


async def test_an_operator_erases_a_person_beside_a_bot_that_answers_them(house: House) -> None:
    """As /forget me does: what is in hand is void, what waits ends unread, and nothing is left on the disk."""
    async with house.bot(responder=HANGING, shutdown_seconds=0):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        await live(house, ann, chat)
        await tell(house, other, bob, "mine")
        house.world.say(chat, ann, f"hang {SECRET}")
        house.world.say(chat, ann, f"and {SECRET}")
        await until(lambda: ("pending", 2) in house.rows(STATES))
        preview = printed(polar("erase", str(ann.id), "--dry-run", "--json", database=house.path))
        assert mentions(house, SECRET) >= {"polar_messages", "polar_memory", "polar_updates"}
        done = printed(polar("erase", str(ann.id), "--json", database=house.path))
        assert mentions(house, SECRET) == set()
        assert files_with(house, SECRET) == []
        assert await tell(house, other, bob, "and still here") == ["echo: and still here"]
    async with house.bot(responder=ECHO):
        await idle(house)
        assert mentions(house, SECRET) == set()
        assert await tell(house, chat, ann, "hello again") == ["echo: hello again"]
    assert done == preview | {"dryRun": False, "offDisk": True}
    assert (done["userId"], preview["offDisk"]) == (str(ann.id), False)
    counts = done["rows"]
    assert (counts["polar_memory"], counts["polar_updates"], counts["polar_automation_jobs"]) == (30, 2, 1)
    assert counts["polar_message_revisions"] == 6  # of each edited message the former text, and the former answer
    assert house.rows("SELECT text FROM polar_messages WHERE userId = ?", str(bob.id)) == [
        ("mine",),
        ("and still here",),
    ]


async def test_an_operator_erases_a_person_where_no_bot_runs(house: House) -> None:
    """The same; once more there is nothing left to erase, which is no failure."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await live(house, ann, chat)
    told = polar("erase", str(ann.id), database=house.path)
    assert (told.exit_code, told.stderr) == (0, "")
    assert "rows erased" in told.stdout
    assert files_with(house, SECRET) == []
    assert mentions(house, SECRET) == set()
    assert set(printed(polar("erase", str(ann.id), "--json", database=house.path))["rows"].values()) == {0}
    assert "rows that would be erased" in polar("erase", "123456", "--dry-run", database=house.path).stdout


async def test_an_operator_is_told_where_the_log_cannot_be_emptied(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is erased all the same, and a bot removes the rest."""
    monkeypatch.setattr(command, "TRIES", 2)
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await live(house, ann, chat)
    with reading(house):
        told = polar("erase", str(ann.id), "--json", database=house.path)
        assert json.loads(told.stdout)["offDisk"] is False
        assert (told.exit_code, "somebody reads the database" in told.stderr) == (0, True)
        assert mentions(house, SECRET) == set()
    async with house.bot(responder=ECHO):
        await off_disk(house)
    assert files_with(house, SECRET) == []


@pytest.mark.parametrize("user", ["ann", "-100123", "0", "chat:-5", "1.5", ""])
def test_only_a_persons_number_names_whom_to_erase(house: House, user: str) -> None:
    """Wrong usage, status 2, before any file is opened."""
    told = polar("erase", "--", user, database=house.path)
    assert told.exit_code == 2
    assert not house.path.exists()


def test_erasing_needs_a_database(house: House) -> None:
    """A failure in one line, status 1; none is made."""
    told = polar("erase", "7", database=house.path)
    assert (told.exit_code, len(told.stderr.splitlines())) == (1, 1)
    assert not house.path.exists()


async def test_a_call_that_is_spared_keeps_no_words(house: House) -> None:
    """What an unfinished answer was to show stands in no payload once the answer itself is there."""
    async with house.bot(responder=WRITING):
        ann, _ = house.chat()
        group = house.world.group("Friends", [ann])
        house.world.fault("sendMessage", "hang")
        house.world.say(group, ann, f"/ping@{house.world.bot.username}")
        waiting = "SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending')"
        await until(lambda: house.rows(waiting) == [(1,)])
        house.world.say(group, ann, f"@{house.world.bot.username} tell us")
        Writing.say("Once")
        await until(lambda: house.rows(waiting) == [(2,)])
        Writing.say("Twice")
        Writing.done.set()
        await until(lambda: house.rows("SELECT count(*) FROM polar_delivery_queue") == [(3,)])
        house.world.clear_faults()
        await idle(house)
    payloads = [json.loads(row[0]) for row in house.rows("SELECT payload FROM polar_delivery_queue")]
    assert [payload for payload in payloads if "text" in payload] == []
