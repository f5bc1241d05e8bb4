"""Processes that stand by on a server's database: what they tell, how they end, and what they leave alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot.cli.running import until_asked_to_stop
from bot.run import running
from storage.errors import DatabaseLost
from storage.tables.properties import START
from tests import cluster
from tests.bot.cli.terminal import polar
from tests.house import CHECKOUT, TOKEN, House, until
from tests.killing import end
from tests.web.house import serving

pytestmark = pytest.mark.slow

QUEUED = """
INSERT INTO polar.polar_delivery_queue
  (deliveryId, sessionId, channel, payload, status, begun, attempts, createdAtMs, updatedAtMs, sequence, replyId, rank)
VALUES ('d', %s, 'telegram', '{"method":"sendMessage","text":"hello"}', 'sending', 1, 1, 0, 0, 1, 'r', 0)
"""
STATUS = "SELECT status, ambiguous FROM polar.polar_delivery_queue WHERE deliveryId = 'd'"


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """A new database, in which nothing is."""
    with cluster.database(server) as made:
        yield made


def run(url: str, statement: str, *params: object) -> list[tuple[object, ...]]:
    """As the server's administrator."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), params)
        return cursor.fetchall() if cursor.description else []


async def test_who_stands_by_is_seen_and_ends_at_once_when_it_is_asked_to(
    house: House, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so itself, and so do the doctor and the dashboard; a server without a replica is warned of."""
    async with house.bot(database=url):
        [active] = run(url, "SELECT workerId FROM polar.polar_workers")[0]
        second = await asyncio.create_subprocess_exec(
            *house.command("run"), cwd=CHECKOUT, env=house.environment(database=url), stderr=asyncio.subprocess.PIPE
        )
        assert second.stderr is not None
        assert f"standing by: {active} has been active since" in (await second.stderr.readline()).decode()
        settings = {"telegram_bot_token": TOKEN, "telegram_api_url": house.server.url, "database": url}
        doctor = await asyncio.to_thread(polar, "doctor", "--json", **settings)
        told = {check["check"]: check for check in json.loads(doctor.stdout)["checks"]}
        assert told["workers"]["found"] == "standbys"
        assert active in told["workers"]["evidence"]
        assert told["replicas"]["found"] == "none"
        assert "standing by: " in await asyncio.to_thread(_overview, url, house.folder)
        assert await end(second) == 0
    assert "the server tells of no replica" in caplog.text


def _overview(url: str, folder: Path) -> str:
    with serving(url, artifacts=folder) as web:
        return web.get("/").text


async def test_a_start_that_cannot_reach_telegram_ends_with_the_database(house: House, url: str) -> None:
    """Nobody would be the bot, and the process that believes to become it would never end."""
    house.world.fault("getMe", "502-html", times=None)
    starting = asyncio.create_task(until_asked_to_stop(house.settings(database=url)))
    await house.world.wait(lambda: any(call.method == "getMe" for call in house.world.calls))
    run(url, "DELETE FROM polar.polar_workers")
    with pytest.raises(DatabaseLost):
        async with asyncio.timeout(30):
            await starting


async def test_what_an_earlier_process_left_is_settled_by_who_takes_over(house: House, url: str) -> None:
    """While it stands by, what the active one is sending is none of its business."""
    _, chat = house.chat()
    lines: list[str] = []

    async def second() -> None:
        async with running(house.settings(database=url), announce=lines.append):
            await until(lambda: run(url, STATUS) == [("sent", 1)])

    async with house.bot(database=url):
        standby = asyncio.create_task(second())
        await until(lambda: any(line.startswith("standing by: ") for line in lines))
        run(url, QUEUED, f"telegram:chat:{chat.id}")
        assert run(url, STATUS) == [("sending", 0)]
        assert run(url, "SELECT value FROM polar.polar_properties WHERE name = %s", START) == [("1",)]
    await standby
    assert house.world.sent(chat)[-1]["text"].startswith("↻")
