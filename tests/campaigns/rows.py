"""`make rows`: what stands in all tables after the same updates, however they were given.

In bursts, so that turns share a commit and updates are handed over from memory; one after the other; and in bursts
while the bot hears all the time that somebody else has changed what waits, so that it reads all from the tables; in a
file, and in a database on a server, whose rows are then copied into a file by polar db copy.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sqlite3
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import psycopg
import typer

from bot.run import Running
from emulator import World
from emulator.state.calls import Call
from storage import care
from storage.ids import session_id_of
from storage.location import ServerUrl
from storage.postgres.dialect import translate
from tests.campaigns.tale import FIRST_UPDATE, FORUM, FRIENDS, NEWS, STARTS_AT, Json, Piece, Pressed, Tale, pressed
from tests.clocks import TestClock
from tests.house import TOKEN, House, standing, until

FIRST_SENT = 1_600_000_000
"""The number of a chat's first message of the bot, like that of no second of a tale."""
Way = Literal["bursts", "pieces", "read"]
"""How a tale is given: each step at once; what belongs together at once; or each step, and all is read from tables."""
WAYS: tuple[Way, ...] = get_args(Way)
Found = Mapping[str, Counter[str]]
"""The rows of each table, and the calls, as JSON."""
Ask = Callable[..., list[tuple[Any, ...]]]
"""The rows of a query, with its parameters."""
Differences = Mapping[str, tuple[list[str], list[str]]]
CALLS = "calls"
SHOWN = 5
PASSED_OVER = {"getMe", "getUpdates", "getCustomEmojiStickers", "setMyCommands", "deleteWebhook"}
"""Calls that have nothing to do with a conversation; and two who want to know an emoji at once both ask."""
SETTINGS = {"merge_window_ms": 40, "feedback_buttons": "always", "responder": "local"}
QUERIES = {
    "polar_daily_turns": "SELECT day, kind, outcome, sum(count) AS count FROM polar_daily_turns GROUP BY 1, 2, 3",
    # Noted with a batch, where the last note of it is an hour older.
    "polar_properties": (
        "SELECT * FROM polar_properties WHERE name <> 'telegram_ms' AND name NOT GLOB 'memory_index*'"
    ),
    # A message that waits in the journal is known, but not yet in which thread it stands.
    "polar_feedback_events": (
        "SELECT id, type, sessionId, messageId, emoji, polarity, createdAtMs, "
        "iif(messageId GLOB 'msg_u_*', json_remove(payload, '$.thread'), payload) AS payload FROM polar_feedback_events"
    ),
}
"""What is read of a table where that is not each row as it is."""
LEFT_OUT = {
    "polar_audit": {"durationMs"},
    "polar_answer_totals": {"milliseconds"},
    "polar_delivery_queue": {"rank"},
}
"""What is measured by a watch, and what goes by the sequence."""
PLACES = {
    "polar_messages": ("sequence", "sessionId, threadKey, coalesce(deliveryId, '')"),
    "polar_delivery_queue": ("sequence", "sessionId, replyId"),
    "polar_message_revisions": ("sequence", "sessionId"),
    "polar_message_parts": ("sequence", "sessionId"),
    "polar_run_events": ("sequence", "source, id"),
    "polar_audit": ("sequence", "turnId"),
    "polar_task_board": ("sequence", "id"),
    "polar_erasures": ("sequence", "userId"),
}
"""Where an order counts only within something: of conversations side by side anyone's may be first."""
APART = {"polar_keys", "polar_sequences", "polar_schema_versions", "polar_pairing_codes", "polar_memory_changes"}
"""Secrets by chance; how many numbers were given; what an index has still to do."""
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'polar_*' AND name NOT GLOB '*_fts*'"
_SENT = "SELECT sessionId, telegramMessageId, deliveryId FROM polar_messages WHERE deliveryId IS NOT NULL"
_JOBS = "SELECT id, sessionId, promptTemplate FROM polar_automation_jobs"
_DUE = "SELECT count(*) FROM polar_scheduler_events WHERE queue IN ('scheduled', 'retry') AND sequence <= ?"
_OPEN = (
    "SELECT (SELECT count(*) FROM polar_updates WHERE status = 'pending') + "
    "(SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending'))"
)
_ANSWER = (
    "SELECT telegramMessageId FROM polar_messages WHERE deliveryId LIKE ? AND telegramMessageId IS NOT NULL "
    "ORDER BY deliveryId LIMIT 1"
)
_NUMBER = re.compile(rf"(?<!\d){str(FIRST_SENT)[:5]}\d{{5}}(?!\d)")
_SECRET = re.compile(r"\b(?:[0-9a-f]{16}){1,2}\b")


async def told(folder: Path, seed: int, updates: int, way: Way, server: ServerUrl | None = None) -> Found:
    """All rows that a bot has, on a server or in a file, and the calls that it has made, after a tale that is given so.

    The folder is there, and empty. What rightly differs goes by a name that does not.
    """
    world, clock = World(TOKEN, "polar_test_bot", clock=lambda: FIRST_SENT), TestClock(STARTS_AT * 1000)
    world.next_update_id = FIRST_UPDATE
    tale = Tale(seed, updates)
    _people(world, tale)
    async with standing(world, folder) as house, _looking(house, server) as ask:
        changes = SETTINGS if server is None else {**SETTINGS, "database": server}
        async with house.bot(clock, **changes) as bot, _forgetful(bot, way):
            for step in tale.steps():
                for pieces in [step.pieces] if way != "pieces" else [[piece] for piece in step.pieces]:
                    for piece in pieces:
                        _give(world, ask, piece)
                    await _rest(world, ask, bot, clock)
                clock.advance(seconds=step.seconds)
                bot.app.runner.wake()
                await _rest(world, ask, bot, clock)
    if server is not None:
        await asyncio.to_thread(care.copy, server, house.path, lambda *_: None, skips=False, now_ms=clock())
    return rows_of(house.path, world.calls)


@asynccontextmanager
async def _looking(house: House, server: ServerUrl | None) -> AsyncIterator[Ask]:
    """What a second program can ask meanwhile."""
    if server is None:
        yield house.rows
        return
    with psycopg.connect(server.url, autocommit=True, options="-c search_path=polar") as connection:
        yield lambda sql, *params: connection.execute(translate(sql), params).fetchall()


def _people(world: World, tale: Tale) -> None:
    people = [world.person(f"P{number}", id=user) for number, user in enumerate(tale.people)]
    for person in people:
        world.private(person)
    world.group("Friends", people, id=FRIENDS)
    world.group("Forum", people, forum=True, id=FORUM)
    world.channel("News", id=NEWS)


def _give(world: World, ask: Ask, piece: Piece) -> None:
    for given in piece:
        world.push(_press(world, ask, given) if isinstance(given, Pressed) else given)


def _press(world: World, ask: Ask, press: Pressed) -> Json:
    found = ask(_ANSWER, f"update:{press.answered}:%")
    gone = {"message_id": 1, "date": 0, "chat": {"id": press.user, "type": "private"}}
    message = world.message(press.user, found[0][0]) if found else None
    return pressed(press, message or gone)


async def _rest(world: World, ask: Ask, bot: Running, clock: TestClock) -> None:
    """Until nothing waits: no update, no call, no run."""
    await world.wait(lambda: world.updates_pending() == 0)

    def is_idle() -> bool:
        return ask(_OPEN) == [(0,)] and ask(_DUE, clock()) == [(0,)] and bot.app.runner.in_hand == 0

    await until(is_idle)


@asynccontextmanager
async def _forgetful(bot: Running, way: Way) -> AsyncIterator[None]:
    """Have the bot hear, again and again, that another program has changed what waits."""
    if way != "read":
        yield
        return
    forgetting = asyncio.create_task(_forget(bot))
    try:
        yield
    finally:
        forgetting.cancel()


async def _forget(bot: Running) -> None:
    while True:
        bot.app.processor.let_go()
        bot.app.sender.let_go()
        await asyncio.sleep(0.001)


def rows_of(path: Path, calls: Iterable[Call] = ()) -> Found:
    """Each table's rows, and the calls, with names for what a chance or a race has chosen."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        names = _Names(database)
        tables = [name for (name,) in database.execute(_TABLES) if name not in APART]
        found = {table: Counter(_rows(database, table, names)) for table in tables}
        return {**found, CALLS: Counter(_calls(calls, names))}


class _Names:
    """Of what Telegram numbers in the order in which it arrives, and of what has its id by chance."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._sent = {(session, str(number)): f"<{delivery}>" for session, number, delivery in database.execute(_SENT)}
        found = sorted(database.execute(_JOBS), key=lambda row: (row[1], row[2]))
        self._jobs = {job: f"<job {place}>" for place, (job, _, _) in enumerate(found)}
        self._job = re.compile("|".join(map(re.escape, self._jobs)) or "(?!)")

    def named(self, session: str | None, value: object) -> object:
        """A value of a row of this session."""
        if isinstance(value, bytes):
            return self.named(session, value.decode())
        if value is None or isinstance(value, float):
            return value
        named = _NUMBER.sub(lambda found: self._sent.get((session, found[0]), found[0]), str(value))
        return _SECRET.sub("<secret>", self._job.sub(lambda found: self._jobs[found[0]], named))


def _rows(database: sqlite3.Connection, table: str, names: _Names) -> Iterator[str]:
    column, within = PLACES.get(table, ("", ""))
    place = f", row_number() OVER (PARTITION BY {within} ORDER BY {column}) AS place" if column else ""
    left_out = {column, *LEFT_OUT.get(table, ())}
    for row in database.execute(QUERIES.get(table, f"SELECT *{place} FROM {table}")):
        told = {name: row[name] for name in row.keys() if name not in left_out}  # noqa: SIM118 - a row's `in` is of values
        session = told.get("sessionId")
        yield json.dumps({name: names.named(session, value) for name, value in told.items()}, ensure_ascii=False)


def _calls(calls: Iterable[Call], names: _Names) -> Iterator[str]:
    for call in calls:
        if call.method not in PASSED_OVER:
            chat = call.params.get("chat_id")
            session = None if chat is None else session_id_of(int(chat))
            params = {name: names.named(session, value) for name, value in sorted(call.params.items())}
            yield json.dumps([call.method, params, call.status], ensure_ascii=False)


def differences(one: Found, other: Found) -> Differences:
    """By table: the rows that only the one has, and those that only the other has."""
    pairs = {table: (one.get(table, Counter()), other.get(table, Counter())) for table in one.keys() | other.keys()}
    return {
        table: (sorted((mine - theirs).elements()), sorted((theirs - mine).elements()))
        for table, (mine, theirs) in pairs.items()
        if mine != theirs
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _shown(found: Differences) -> Iterator[str]:
    for table, (more, less) in sorted(found.items()):
        yield f"{table}: {len(more)} more, {len(less)} less"
        yield from (f"  more {row}" for row in more[:SHOWN])
        yield from (f"  less {row}" for row in less[:SHOWN])


def main(
    seed: Annotated[int, typer.Option(help="Of the first tale; the others have the next ones.")] = 1,
    updates: Annotated[int, typer.Option(min=1, help="Of each tale, about.")] = 1_000,
    tales: Annotated[int, typer.Option(min=1, help="How many.")] = 3,
) -> None:
    """Give the same updates in three ways, and look whether the same rows are there and the same calls were made."""
    logging.disable(logging.CRITICAL)
    is_same = True
    for number in range(seed, seed + tales):
        with tempfile.TemporaryDirectory() as folder:
            found = {way: asyncio.run(told(_made(Path(folder, way)), number, updates, way)) for way in WAYS}
        for way in WAYS[1:]:
            lines = list(_shown(differences(found[way], found[WAYS[0]])))
            is_same = is_same and not lines
            count = sum(map(Counter.total, found[way].values()))
            print(f"seed {number}, {way} beside {WAYS[0]}: {count:,} rows and calls, {'not ' * bool(lines)}the same")
            print(*lines, sep="\n", end="\n" * bool(lines), flush=True)
    raise typer.Exit(not is_same)


if __name__ == "__main__":
    typer.run(main)
