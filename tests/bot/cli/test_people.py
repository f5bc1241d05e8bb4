"""`polar users` and `polar pair`, beside a bot that runs and on a file of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from middleware.texts import say
from storage.ids import session_id_of
from storage.views import people
from storage.views.job_survey import SURVEY
from storage.views.listings import PAGE
from tests.bot.cli.terminal import polar, printed
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.responders import ECHO
from tests.storage.plans import plan, scans

GROUP = session_id_of(-1001)
ACCESS = "INSERT INTO polar_access (subject, role, grantedBy, createdAtMs) VALUES (?, ?, ?, ?)"
CODE = "INSERT INTO polar_pairing_codes VALUES (?, ?, ?, ?, ?)"
FAR_MS = 2**45


def write(database: Path, sql: str, *rows: tuple[Any, ...]) -> None:
    """As another program does."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(sql, rows)


async def test_a_running_bot_goes_by_what_the_operator_decides(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the next message on: who was approved is told and answered, who was shut out is neither."""
    monkeypatch.setattr("bot.sending.told.LOOK_S", 0.02)
    async with house.bot(access="pairing", responder=ECHO):
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, "hello")
        code = answer.rpartition("/pair ")[2]
        assert await tell(house, chat, ann, "let me in") == []  # by now the bot remembers that she has no role
        [waiting] = printed(polar("pair", "list", "--json", database=house.path))
        assert waiting["id"] == str(ann.id)
        assert polar("pair", "approve", code.lower(), database=house.path).stdout == f"{ann.id} is in\n"
        await until(lambda: texts(house, chat)[-1] == say("access.welcome"))
        await idle(house)
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]
        [fact] = printed(polar("users", "list", "--json", database=house.path))
        assert (fact["id"], fact["level"], fact["by"]) == (str(ann.id), "member", ["polar pair"])
        assert fact["seenAt"] is not None
        [job] = await tell(house, chat, ann, "/automations create daily 18:00 | tea")
        assert polar("pair", "revoke", str(ann.id), database=house.path).stdout == f"{ann.id} is out\n"
        assert await tell(house, chat, ann, "hello?") == [say("access.code", code=_code(house, chat))]
        [paused] = printed(polar("automations", "list", "--json", database=house.path))
        assert (paused["id"] in job, paused["state"], paused["next"]) == (True, "paused: unpaired", None)


def _code(house: House, chat: Any) -> str:
    """The code that was told last."""
    return texts(house, chat)[-1].rpartition("/pair ")[2]


async def test_a_group_is_let_in_and_shut_out_by_its_id(house: House) -> None:
    """As by /pair and /unpair there."""
    async with house.bot(access="pairing", responder=ECHO):
        ann, _ = house.chat()
        group = house.world.group("Friends", [ann])
        assert await tell(house, group, ann, "/ping") == []
        assert polar("pair", "approve", str(group.id), database=house.path).exit_code == 0
        assert await tell(house, group, ann, "/ping") == ["pong"]
        assert polar("pair", "revoke", str(group.id), database=house.path).exit_code == 0
        assert await tell(house, group, ann, "/ping") == []


def test_users_are_the_owner_who_stands_in_a_setting_and_who_was_let_in(database: Path) -> None:
    """Each once, with all that lets them in; the highest level that any of it gives counts."""
    write(database, ACCESS, ("8", "member", "5", 1000), ("5", "owner", None, 2000), (GROUP, "group", "5", 3000))
    write(database, "INSERT INTO polar_users VALUES (?, ?, 1)", ("8", "Europe/Berlin"))
    write(
        database,
        "INSERT INTO polar_feedback_events (id, type, sessionId, payload, createdAtMs) "
        "VALUES (?, 'reaction_added', 's', ?, ?)",
        ("a", '{"actor": "8"}', 5000),
        ("b", '{"actor": "9"}', 9000),
    )
    settings: dict[str, Any] = {"admin_telegram_ids": (5, 6), "allowed_telegram_ids": (6, 8, -7)}
    found = printed(polar("users", "list", "--json", database=database, **settings))
    assert [(fact["id"], fact["level"], fact["by"]) for fact in found] == [
        ("5", "owner", ["pairing", "POLAR_ADMIN_TELEGRAM_IDS"]),
        ("6", "admin", ["POLAR_ADMIN_TELEGRAM_IDS", "POLAR_ALLOWED_TELEGRAM_IDS"]),
        ("-7", "group", ["POLAR_ALLOWED_TELEGRAM_IDS"]),
        ("8", "member", ["5", "POLAR_ALLOWED_TELEGRAM_IDS"]),
        ("-1001", "group", ["5"]),
    ]
    assert (found[3]["timezone"], found[3]["seenAt"]) == ("Europe/Berlin", "1970-01-01T00:00:05Z")
    told = polar("users", "list", database=database, access="open", **settings)
    assert "Europe/Berlin" in told.stdout
    assert "everybody else may talk" in told.stderr


def test_all_who_were_let_in_are_listed_however_many(database: Path) -> None:
    """Page by page, the newest first."""
    write(database, ACCESS, *((str(number), "member", "5", number) for number in range(1, 2 * PAGE + 2)))
    found = printed(polar("users", "list", "--json", database=database))
    assert [fact["id"] for fact in found] == [str(number) for number in range(2 * PAGE + 1, 0, -1)]


def test_who_waits_holds_a_code_that_is_still_valid(database: Path) -> None:
    """The owner's link is nobody's code; a person is approved by their id as well."""
    codes = [("a", "member", "7", 1000, FAR_MS), ("b", "member", "8", 1000, 2000), ("c", "owner", None, 1000, None)]
    write(database, CODE, *codes)
    assert [fact["id"] for fact in printed(polar("pair", "list", "--json", database=database))] == ["7"]
    assert "7" in polar("pair", "list", database=database).stdout
    assert polar("pair", "approve", "7", database=database).exit_code == 0
    assert polar("pair", "list", database=database).stdout == "nobody waits to be let in\n"
    for who in ("7", "8", "c", "nonsense"):
        done = polar("pair", "approve", who, database=database)
        assert (done.exit_code, "polar pair list" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("who", "status", "told"),
    [
        ("5", 1, "is the owner, who stays in"),
        ("6", 1, "6 stays in by POLAR_ADMIN_TELEGRAM_IDS"),
        ("7", 0, "7 was not in"),
        ("-7", 0, "-7 was not in"),
        ("x", 2, "expected a number"),
        ("--x", 2, "expected a number"),
    ],
)
def test_what_holds_after_shutting_somebody_out_is_told(database: Path, who: str, status: int, told: str) -> None:
    """Status 1 where they are in all the same."""
    write(database, ACCESS, ("5", "owner", None, 1000))
    done = polar("pair", "revoke", who, database=database, admin_telegram_ids=(6,))
    assert done.exit_code == status
    assert told in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("query", "params"),
    [
        (people.GRANTED, {"before": 9}),
        (people.WAITING, {"now": 0, "before": 9}),
        (SURVEY, {"after": 0}),
    ],
)
def test_a_page_costs_the_same_however_many_there_are(database: Path, query: str, params: dict[str, Any]) -> None:
    """Nothing is walked over, nothing sorted."""
    steps = plan(database, query, params)
    assert scans(steps) == scans(plan(database, people.NAMED, {"subjects": "[]"})) == []
    assert not any("TEMP B-TREE" in step for step in steps)
