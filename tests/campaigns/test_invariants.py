"""The checks of a campaign see what they are for: each finds what breaks its rule, and nothing where all is well."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.campaigns.comparing import differences
from tests.campaigns.invariants import MINUTE_MS, RULES, Seen, violations
from tests.campaigns.telegram import Arrived, Telegram
from tests.house import House
from tests.looking import MARK, awake, idle, tell
from tests.pressing import press
from tests.responders import ECHO

pytestmark = pytest.mark.slow

WORD = "swordfish"
AT_MS = 1_795_000_020_000


@pytest.fixture
def world() -> Telegram:
    """A Telegram that remembers."""
    return Telegram()


async def lived(house: House, world: Telegram) -> Seen:
    """A bit of everything, without any trouble; Bob has had all of his erased."""
    async with house.bot(responder=ECHO):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        await awake(house)
        await tell(house, chat, ann, "one")
        asked = world.say(chat, ann, "two")
        await idle(house)
        world.react(chat, ann, asked, "👍", "🔥")
        world.edit(chat, asked, "three")
        await tell(house, chat, ann, "/remember the tea is green")
        await tell(house, other, bob, f"/remember the {WORD}")
        await tell(house, other, bob, f"a {WORD} is a fish")
        await tell(house, other, bob, "/forget me")
        await press(house, other, bob, "Erase")
        await idle(house)
    return Seen(
        path=house.path,
        told=world.told,
        arrivals=world.arrivals(),
        leavers=frozenset({bob.id}),
        erased=(WORD,),
        steady=("job",),
    )


def sql(*statements: str) -> Callable[[Seen], Seen]:
    """What a fault of ours would have left in the database."""

    def broken(seen: Seen) -> Seen:
        with closing(sqlite3.connect(seen.path)) as database, database:
            for statement in statements:
                database.execute(statement)
        return seen

    return broken


def run_at(minute: int, run: str, trigger: str = "schedule") -> str:
    """A row of the ledger."""
    metadata = f'{{"scheduledAtMs": {AT_MS + minute * MINUTE_MS}}}'
    return (
        "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, metadata, createdAtMs) VALUES "
        f"('automation', 'job', '{run}', 'p', '{trigger}', '{{\"status\": \"executed\"}}', '{metadata}', {AT_MS})"
    )


def in_the_log(seen: Seen) -> Seen:
    """A word in a log that nobody has folded in."""
    seen.path.with_name(f"{seen.path.name}-wal").write_bytes(b"before " + WORD.encode() + b" behind")
    return seen


def once_more(seen: Seen) -> Seen:
    """A message that arrived twice, and says nothing of it."""
    again = Arrived(seen.arrivals[0].chat, 1_000_000, seen.arrivals[0].text)
    return replace(seen, arrivals=[*seen.arrivals, again])


def never(seen: Seen) -> Seen:
    """A message that the database says was sent, and was not."""
    return replace(seen, arrivals=seen.arrivals[1:])


def marked_once_more(seen: Seen) -> Seen:
    """A duplicate that says so, of a send that was never unclear."""
    one = seen.arrivals[0]
    again = Arrived(one.chat, 1_000_000, MARK + one.text)
    return replace(seen, arrivals=[*seen.arrivals, again])


COPY = "INSERT INTO {0} ({1}) SELECT {2} FROM {0} WHERE {3} LIMIT 1"
EVENT = "id, type, sessionId, messageId, emoji, polarity, payload, createdAtMs"
AUDIT = "turnId, attempt, kind, sessionId, userId, outcome, durationMs, createdAtMs"
BREAKS: Mapping[str, tuple[Callable[[Seen], Seen], ...]] = {
    "the bot ends only when it is made to": (lambda seen: replace(seen, unforeseen=["it ended"]),),
    "the file is sound": (
        sql(
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = replace(sql, 'reason TEXT', 'reason TEXT NOT NULL') "
            "WHERE name = 'polar_updates'",
        ),
    ),
    "each acknowledged update has ended exactly once": (
        sql("DELETE FROM polar_updates WHERE updateId = (SELECT min(updateId) FROM polar_updates)"),
        sql("UPDATE polar_updates SET status = 'pending' WHERE kind = 'edited_message'"),
        sql("UPDATE polar_updates SET status = 'dead' WHERE kind = 'edited_message'"),
        sql(COPY.format("polar_audit", AUDIT, AUDIT, "kind = 'reaction'")),
        sql("DELETE FROM polar_audit WHERE kind = 'reaction'"),
    ),
    "each event is there once": (
        sql(COPY.format("polar_feedback_events", EVENT, EVENT.replace("id,", "'other',", 1), "emoji = '👍'")),
        sql("DROP TRIGGER polar_feedback_events_no_delete", "DELETE FROM polar_feedback_events WHERE emoji = '👍'"),
    ),
    "each message is kept as it was last written": (
        sql("UPDATE polar_messages SET text = 'two' WHERE text = 'three'"),
        sql("DELETE FROM polar_messages WHERE text = 'one'"),
    ),
    "each reply is delivered once, or marked": (
        never,
        once_more,
        marked_once_more,
        sql("UPDATE polar_messages SET telegramMessageId = NULL WHERE text = 'echo: one'"),
        sql("UPDATE polar_delivery_queue SET status = 'pending' WHERE sequence = 1"),
        sql("UPDATE polar_delivery_queue SET status = 'failed', reason = 'Forbidden' WHERE sequence = 1"),
    ),
    "each message is answered once": (
        sql("DELETE FROM polar_messages WHERE text = 'echo: one'"),
        sql("UPDATE polar_messages SET answersMessageId = answersMessageId + 1 WHERE text = 'echo: one'"),
    ),
    "each occurrence is in the ledger once": (
        sql(run_at(0, "a"), run_at(0, "b")),
        sql(run_at(0, "a"), run_at(2, "b")),
        sql("INSERT INTO polar_scheduler_run_log (runId, eventId, startedAtMs) VALUES ('run:job:1#1', 'job', 1)"),
        sql("INSERT INTO polar_run_leases VALUES ('run:job:1', 'somebody', 1, 1)"),
        sql("INSERT INTO polar_scheduler_events VALUES ('run:job:1', 'retry', 1, '{}', 1)"),
    ),
    "totals agree with what they count": (
        sql("UPDATE polar_daily_messages SET count = count + 1"),
        sql("UPDATE polar_daily_feedback SET added = added - 1"),
        sql("INSERT INTO polar_calls VALUES ('turn', 1, 1, 's', '1', 'm', 1, 1, 0.5, 9, 'answered', 1)"),
        sql(run_at(0, "a")),
    ),
    "nothing is left of what was erased": (
        sql(f"UPDATE polar_messages SET text = 'the {WORD} again' WHERE text = ''"),
        sql(f'UPDATE polar_updates SET body = CAST(\'{{"text": "{WORD}"}}\' AS BLOB)'),
        sql(f"INSERT INTO polar_memory_fts (memoryId, searchableText) VALUES ('m', 'the {WORD}')"),
        in_the_log,
    ),
    "what is charged is what was spent": (
        sql("INSERT INTO polar_budget_usage VALUES ('global', '', 0.5, 1, 1), ('user', '1', 0.5, 1, 1)"),
        sql("INSERT INTO polar_budget_usage VALUES ('global', '', 0, 1, 1), ('user', '1', 0.5, 1, 1)"),
        sql(
            "INSERT INTO polar_budget_usage VALUES ('global', '', 0, 1, 1)",
            "INSERT INTO polar_calls VALUES ('turn', 1, 1, 's', '1', 'm', NULL, NULL, 0.5, NULL, 'open', 1)",
        ),
    ),
}


async def test_each_rule_finds_what_breaks_it(house: House, world: Telegram, tmp_path: Path) -> None:
    """A doubled event, a lost update, a text that was left: each is named by the rule that it breaks."""
    assert set(BREAKS) == set(RULES)
    whole = await lived(house, world)
    assert violations(whole) == []
    for rule, ways in BREAKS.items():
        for number, broken in enumerate(ways):
            copy = tmp_path / "copies" / f"{number}.db"
            shutil.rmtree(copy.parent, ignore_errors=True)
            copy.parent.mkdir()
            shutil.copy(whole.path, copy)
            found = violations(broken(replace(whole, path=copy)))
            assert [line for line in found if line.startswith(f"{rule}: ")], (rule, number, found)


async def test_a_message_whose_number_nobody_could_read_is_none_too_many(house: House, world: Telegram) -> None:
    """Telegram has sent it, and its answer was garbage: it is not sent again, and not known."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await awake(house)
        world.fault("sendMessage", "garbage")
        world.say(chat, ann, "one")
        await idle(house)
    seen = Seen(path=house.path, told=world.told, arrivals=world.arrivals())
    assert [one.is_untold for one in seen.arrivals] == [True]
    assert violations(seen) == []


async def test_a_row_more_or_less_than_without_kills_is_told(house: House, world: Telegram, tmp_path: Path) -> None:
    """Whichever of the two runs has it."""
    await lived(house, world)
    other = House(world=world, server=house.server, folder=tmp_path / "other")
    other.folder.mkdir()
    shutil.copy(house.path, other.path)
    assert differences(house, other) == []
    other.write("DELETE FROM polar_memory")
    [line] = differences(house, other)
    assert "memories: more 1" in line
    assert "less 0" in line
