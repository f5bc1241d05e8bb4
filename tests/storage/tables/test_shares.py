"""What people said about examples of their words."""

from __future__ import annotations

from storage.database import Database
from storage.erasure import Erasure
from storage.tables.shares import Shares
from tests.storage.files import NOW_MS


async def test_what_somebody_said_last_counts(database: Database) -> None:
    """Who has said nothing is neither for it nor against it."""
    shares = Shares(database)
    assert await shares.find("7") is None
    await database.commit(shares.set("7", True, now_ms=NOW_MS), shares.set("8", True, now_ms=NOW_MS))
    await database.commit(shares.set("7", False, now_ms=NOW_MS))
    assert await shares.find("7") is False
    assert await shares.of({"7", "8", "9"}) == {"7": False, "8": True}
    assert await shares.of(()) == {}


async def test_whoever_is_erased_has_said_nothing_any_more(database: Database) -> None:
    """And nobody else."""
    shares = Shares(database)
    await database.commit(shares.set("7", False, now_ms=NOW_MS), shares.set("8", True, now_ms=NOW_MS))
    await database.commit(*Erasure(database).of("7", now_ms=NOW_MS))
    assert await shares.of({"7", "8"}) == {"8": True}
