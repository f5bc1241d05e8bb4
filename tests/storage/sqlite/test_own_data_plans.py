"""What a person's own data costs to read and to erase: no step goes over what others have stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import Database
from storage.erasure import Erasure
from storage.statement import Statement
from storage.views.feedback_summary import FeedbackSummaries
from storage.views.own_data import SECTIONS, OwnData
from tests.storage.plans import plan, recorded, scans

SMALL = (
    "SCAN polar_updates USING INDEX polar_updates_dead",
    "SCAN part VIRTUAL TABLE",
    "SCAN polar_memory_fts VIRTUAL",
)
BOUNDED = ("SCAN recent", "SCAN found", "SCAN polar_own")


@pytest.fixture
def asked(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[Statement]:
    """Every query that is made."""
    return recorded(database, monkeypatch)


def unbounded(path: Path, statement: Statement) -> list[str]:
    """The steps that grow with what others have stored."""
    return [step for step in scans(plan(path, statement.sql, statement.params)) if not step.startswith(SMALL + BOUNDED)]


@pytest.mark.parametrize("section", SECTIONS)
async def test_a_section_is_found_by_an_index(
    database: Database, path: Path, asked: list[Statement], section: str
) -> None:
    """To count it, and to read it."""
    own = OwnData(database)
    assert await own.count("7", section) == 0
    assert [page async for page in own.pages("7", section, start=0)] == []
    assert [unbounded(path, query) for query in asked] == [[], []]


async def test_a_waiting_file_is_found_among_the_open_rows(
    database: Database, path: Path, asked: list[Statement]
) -> None:
    """However many were sent."""
    assert not await OwnData(database).has_file_waiting("7")
    assert "polar_delivery_open" in "".join(plan(path, asked[0].sql, asked[0].params))


async def test_erasing_scans_no_table(database: Database, path: Path) -> None:
    """What others have stored costs nothing; what nobody has handled yet is looked through, as only its body says."""
    waiting = "SCAN polar_updates USING INDEX polar_updates_pending"
    statements = Erasure(database).of("7", now_ms=1)
    assert len(statements) > 10
    for statement in statements[:-1]:  # the last one merges the index of words, within bounds
        assert [step for step in unbounded(path, statement) if step != waiting] == [], statement.sql


async def test_a_summary_of_feedback_goes_by_indexes(database: Database, path: Path, asked: list[Statement]) -> None:
    """Of session and time, and of the messages."""
    await FeedbackSummaries(database).of("telegram:chat:1", since_ms=0)
    assert len(asked) == 5
    for query in asked:
        assert unbounded(path, query) == []
        assert "polar_feedback_session (sessionId=? AND createdAtMs>?)" in "".join(plan(path, query.sql, query.params))


async def test_a_plan_that_scans_would_be_noticed(database: Database, path: Path) -> None:
    """The check itself works."""
    assert unbounded(path, Statement("SELECT * FROM polar_memory WHERE record = ''")) == ["SCAN polar_memory"]
