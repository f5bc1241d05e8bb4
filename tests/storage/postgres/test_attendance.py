"""Who is at a server's database, as it is seen from beside."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from storage.attendance import Worker
from storage.database import Database
from storage.engines import attendance
from storage.location import ServerUrl
from storage.postgres import fence
from tests.storage.files import NOW_MS


async def test_the_active_one_and_who_stands_by_are_seen(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their names; when both have ended, nobody is there."""
    monkeypatch.setattr(fence, "GONE_S", 0.0)
    location, heard = ServerUrl(url), asyncio.Event()
    first = await Database.open(location, now_ms=NOW_MS)
    waited_for: list[Worker | None] = []

    def stand_by(worker: Worker | None) -> None:
        waited_for.append(worker)
        heard.set()

    second = asyncio.create_task(Database.open(location, now_ms=NOW_MS, stand_by=stand_by))
    await heard.wait()
    seen = attendance(location)
    assert seen is not None
    assert [seen.active] == waited_for
    assert len(seen.standbys) == 1
    assert (seen.replicas, seen.synchronous, seen.waited_for, seen.durability) == (0, 0, "", "none")
    await first.close()
    successor = await second
    seen = attendance(location)
    assert seen is not None
    assert seen.active is not None
    assert seen.active not in waited_for
    assert seen.standbys == ()
    await successor.close()
    assert attendance(location) == replace(seen, active=None)


def test_where_no_bot_has_ever_run_nothing_is_told(changeable: str, tmp_path: Path) -> None:
    """Nor of a file, nor of a server that does not answer."""
    assert attendance(ServerUrl(changeable)) is None
    assert attendance(tmp_path / "polar.db") is None
    assert attendance(ServerUrl("postgresql://polar@127.0.0.1:1/polar")) is None


async def test_a_role_that_may_only_read_sees_who_is_there(server: str, url: str) -> None:
    """What it may not see of replicas is told as not known."""
    database = await Database.open(ServerUrl(url), now_ms=NOW_MS)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("CREATE ROLE looker LOGIN")
        owner.execute("GRANT USAGE ON SCHEMA polar TO looker")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA polar TO looker")
        try:
            seen = attendance(ServerUrl(f"postgresql://looker@{url.partition('@')[2]}"))
        finally:
            owner.execute("DROP OWNED BY looker")
            owner.execute("DROP ROLE looker")
    await database.close()
    assert seen is not None
    assert seen.active is not None
    assert seen.synchronous is None
