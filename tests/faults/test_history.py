"""Nothing that grows with all that ever was keeps others waiting: totals are kept, and questions have an end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import Chat, Person
from storage.database import Database
from storage.location import ServerUrl
from storage.views.chat_feedback import ChatFeedback
from storage.views.queue_counts import QueueCounts
from storage.views.tasks import TaskBoard
from tests.cost import steps_of_sqlite
from tests.house import House, until
from tests.looking import awake, reactions, tell
from tests.storage.files import DAY_MS, NOW_MS, plain

pytestmark = pytest.mark.slow

S = "telegram:chat:1"
# The board never comes to its end, so that /tasks of whoever has an automation does not either.
_ENDLESS = """
CREATE VIEW polar_task_board AS WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n)
SELECT '' AS taskId, 'automation' AS source, CAST(x AS TEXT) AS id, '' AS runId, 'done' AS status, '' AS reason,
  x AS sequence, x AS createdAtMs FROM n
"""
_REACTIONS = """
WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < :last)
INSERT INTO polar_feedback_events
SELECT 'e' || x, 'reaction_added', 'telegram:chat:1', 'msg_a_' || (x / 2), '👍', 'positive',
  json_object('actor', x % 100, 'producedBy', json_object('automationId', x % 3, 'profileId', x % 2)),
  :now - (x % 10) * :day + x FROM n
"""
_UPDATES = """
WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < :last)
INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs)
SELECT x, x, 'pending', 'message', '1', 1 FROM n
"""


@pytest.fixture(params=["sqlite", "postgres"])
def changeable_engine(request: pytest.FixtureRequest, house: House) -> None:
    """Each engine in turn, with a database whose views may be changed."""
    if request.param == "postgres":
        house.elsewhere = ServerUrl(request.getfixturevalue("changeable"))


async def asking_for_ever(house: House, name: str) -> tuple[Chat, Person]:
    """Somebody who has an automation, so that the board is looked at for them."""
    person, chat = house.chat(name)
    await tell(house, chat, person, "/automations create every day at 09:00 | say hello")
    return chat, person


def endless(house: House) -> None:
    """From now on the task board has no end."""
    house.write("DROP TABLE polar_task_board")
    house.write(_ENDLESS)


def pending(house: House) -> int:
    """Updates in hand."""
    return int(house.rows("SELECT count(*) FROM polar_updates WHERE status = 'pending'")[0][0])


@pytest.mark.usefixtures("changeable_engine")
async def test_questions_that_hang_keep_nobody_else_waiting(house: House) -> None:
    """Two people ask for what never ends; a third one's reaction is recorded, and a command answered."""
    async with house.bot(question_seconds=60, shutdown_seconds=0):
        await awake(house)
        asking = [await asking_for_ever(house, name) for name in ("Ann", "Bob")]
        carl, chat = house.chat("Carl")
        await tell(house, chat, carl, "/ping")
        [answer] = house.world.sent(chat)
        endless(house)
        for place, person in asking:
            house.world.say(place, person, "/tasks")
        await until(lambda: pending(house) == len(asking))
        house.world.react(chat, carl, answer["message_id"], "👎")
        await until(lambda: len(reactions(house)) == 1, timeout_s=20)
        house.world.say(chat, carl, "/ping")
        await until(lambda: len(house.world.sent(chat)) == 2, timeout_s=20)
        assert pending(house) == len(asking)


@pytest.mark.usefixtures("changeable_engine")
async def test_who_asks_for_what_takes_too_long_is_told(house: House) -> None:
    """Once, in plain words, and the update is done; others are answered as ever."""
    async with house.bot(question_seconds=0.1):
        chat, ann = await asking_for_ever(house, "Ann")
        endless(house)
        assert "took too long" in (await tell(house, chat, ann, "/tasks"))[0]
        assert len(await tell(house, chat, ann, "/ping")) == 1
    assert house.rows("SELECT DISTINCT status, attempts FROM polar_updates") == [("done", 0)]


QUESTIONS: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "feedback": lambda db: ChatFeedback(db).totals(S),
    "feedback recent": lambda db: ChatFeedback(db).list_recent(S, limit=10),
    "feedback by day": lambda db: ChatFeedback(db).totals_by(S, "day", limit=10),
    "feedback by message": lambda db: ChatFeedback(db).totals_by(S, "message", limit=10),
    "feedback by automation": lambda db: ChatFeedback(db).totals_by(S, "automation", limit=10),
    "feedback by profile": lambda db: ChatFeedback(db).totals_by(S, "profile", limit=10),
    "feedback of an automation": lambda db: ChatFeedback(db).totals_of_automation("1"),
    "status of updates": lambda db: QueueCounts(db).of_updates(),
    "status of deliveries": lambda db: QueueCounts(db).of_deliveries(),
    "tasks": lambda db: TaskBoard(db).count(),
}


async def test_what_is_asked_costs_the_same_however_much_there_was(tmp_path: Path) -> None:
    """In steps of SQLite's machine, after a thousand reactions and updates and after twenty thousand."""
    few = await steps(tmp_path / "few.db", 1_000)
    many = await steps(tmp_path / "many.db", 20_000)
    assert {name: taken for name, taken in many.items() if taken > 1.5 * few[name]} == {}


async def steps(path: Path, count: int) -> dict[str, int]:
    """What each question takes over so many reactions, on ten days, and finished updates."""
    database = await Database.open(path, now_ms=NOW_MS)
    with plain(path) as connection:
        connection.execute(_REACTIONS, {"last": count - 1, "now": NOW_MS, "day": DAY_MS})
        connection.execute(_UPDATES, {"last": count})
        connection.execute("UPDATE polar_updates SET status = 'done'")
    found = {name: await steps_of_sqlite(database, question) for name, question in QUESTIONS.items()}
    assert (await ChatFeedback(database).totals(S)).positive == count
    assert await QueueCounts(database).of_updates() == {"done": count}
    await database.close()
    return found
