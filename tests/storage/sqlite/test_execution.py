"""Statements of one kind run as one, and nobody can tell from the rows or from the answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import migrations
from storage.sqlite import opening
from storage.sqlite.writer import run_batch
from storage.statement import Bulk, Order, Statement, Unit, UnitRows
from storage.tables.updates import Received, Updates
from tests.storage.committed import (
    MESSAGES,
    REACTIONS,
    S,
    T,
    answered,
    audited,
    call,
    claimed,
    finish,
    ours,
    reacted,
    received,
    said,
)
from tests.storage.files import NOW_MS


class Spy(sqlite3.Connection):
    """A connection that notes each call, as SQL: what triggers do then is none; and counts the rows that come back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calls: list[str] = []
        self.rows = 0
        self.row_factory = self._count

    def _count(self, cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
        self.rows += 1
        return row

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Note it, then do it."""
        self.calls.append(sql)
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """The same, for each of them."""
        parameters = list(parameters)
        self.calls += [sql] * len(parameters)
        return super().executemany(sql, parameters)

    def commit(self) -> None:
        """The same."""
        self.calls.append("COMMIT")
        super().commit()


@lru_cache(maxsize=1)
def template() -> bytes:
    """A migrated database with updates that wait."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        prepared(connection)
        for update in (*MESSAGES, *REACTIONS):
            number = update if update in MESSAGES else None
            received = Received(
                update_id=update, kind="x", lane="1::answer", session_id=S, telegram_message_id=number, body=b"{}"
            )
            run_batch(connection, [(Updates.add(received, now_ms=NOW_MS),)])
        return connection.serialize()


def prepared(connection: sqlite3.Connection) -> None:
    """Give it the tables of this version."""
    migrations.apply(connection, NOW_MS)
    connection.execute("PRAGMA temp_store = MEMORY")


@pytest.fixture
def connection() -> Iterator[Spy]:
    """A writer's connection with updates that wait."""
    with closing(loaded()) as opened:
        yield opened


def loaded() -> Spy:
    """A copy of the template."""
    opened = sqlite3.connect(":memory:", isolation_level=None, factory=Spy)
    assert isinstance(opened, Spy)
    opened.deserialize(template())
    return opened


ERASE = Statement("UPDATE polar_messages SET text = '' WHERE userId = '1' AND text <> ''")
LOOK = Statement("SELECT count(*), max(sequence) FROM polar_messages")


def outcome(answer: UnitRows | Exception) -> Any:
    """An answer, to be compared."""
    return repr(answer) if isinstance(answer, Exception) else [[tuple(row) for row in rows] for rows in answer]


def everything(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, with the hidden numbers of those that have one; of messages their order in a chat."""
    tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name LIKE 'polar%'")
    rows = {
        name: connection.execute(f"SELECT {'' if 'WITHOUT ROWID' in sql else 'rowid, '}* FROM {name}").fetchall()
        for name, sql in tables.fetchall()
        if "_fts" not in name
    }
    rows["polar_messages"] = sorted((row[2:] for row in rows["polar_messages"]), key=lambda row: str(row[0]))
    return rows


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 1), (7, 3), (8, 1), (16, 1), (100, 3)])
def test_a_group_of_reactions_costs_few_calls(connection: Spy, count: int, expected: int) -> None:
    """Of each kind as many as the group is made of powers of two, up to sixty-four."""
    numbers = range(1000, 1000 + count)
    run_batch(connection, [(said(number),) for number in numbers])
    connection.calls.clear()
    answers = run_batch(connection, [(reacted(n, n), audited(n)) for n in numbers])
    assert len(connection.calls) == 2 * expected + 2
    assert answers == [[[], []]] * count
    assert connection.execute("SELECT count(*) FROM polar_feedback_events").fetchone() == (count,)


def test_ends_of_updates_are_counted_as_one(connection: Spy) -> None:
    """Each can change no more than its own row: none is missing if there are as many as there should be."""
    connection.calls.clear()
    answers = run_batch(connection, [(finish(update), audited(update)) for update in REACTIONS[:8]])
    assert len(connection.calls) == 4
    assert answers == [[[], []]] * 8


def test_an_end_that_changes_nothing_voids_its_own_unit_alone(connection: Spy) -> None:
    """The group runs again, unit by unit, and the error is that of the statement itself."""
    run_batch(connection, [(finish(103),)])
    answers = run_batch(connection, [(finish(update), audited(update)) for update in REACTIONS[:8]])
    assert [isinstance(answer, Exception) for answer in answers] == [update == 103 for update in REACTIONS[:8]]
    assert "expected 1 row(s), found 0: UPDATE polar_updates SET status = 'done'" in str(answers[2])
    assert connection.execute("SELECT count(*) FROM polar_audit").fetchone() == (7,)


def test_what_something_else_has_undone_is_not_told_as_kept(connection: Spy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Committing where no transaction is open does nothing, and says nothing."""
    change = Spy.executemany

    def undone(spy: Spy, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        cursor = change(spy, sql, parameters)
        spy.rollback()
        return cursor

    monkeypatch.setattr(Spy, "executemany", undone)
    [answer] = run_batch(connection, [(ERASE,)])
    assert isinstance(answer, Exception)


def test_the_same_update_ends_once(connection: Spy) -> None:
    """Two units of a group that end it cannot both be told that they did."""
    answers = run_batch(connection, [(finish(101),), (finish(102),), (finish(101),), (finish(103),)])
    assert [isinstance(answer, Exception) for answer in answers] == [False, False, True, False]


def test_nothing_is_moved_past_a_unit_without_marks(connection: Spy) -> None:
    """What somebody wrote before their erasure is erased, and what they wrote after it stays."""
    run_batch(connection, [*((said(n),) for n in (1, 3, 5)), (ERASE, LOOK), *((said(n),) for n in (7, 9, 11))])
    texts = dict(connection.execute("SELECT telegramMessageId, text FROM polar_messages").fetchall())
    assert texts == {1: "", 3: "", 5: "", 7: "words", 9: "words", 11: "words"}


def test_a_unit_with_one_statement_without_a_mark_is_such_a_unit(connection: Spy) -> None:
    """Its marked statements stay where they are as well."""
    connection.calls.clear()
    run_batch(connection, [(said(1), audited(1)), (said(2), LOOK, audited(2)), (said(3), audited(3))])
    verbs = [line.split(" (")[0] for line in connection.calls[1:-1]]
    messages, audit = "INSERT INTO polar_messages", "INSERT INTO polar_audit"
    assert verbs == [messages, audit, messages, LOOK.sql.split(" (")[0], audit, messages, audit]


def test_messages_go_before_reactions_to_others(connection: Spy) -> None:
    """A reaction finds the message that an earlier unit of the group has added."""
    run_batch(connection, [(said(21), audited(1)), (reacted(101, 21),), (said(22), audited(2)), (reacted(102, 22),)])
    found = connection.execute(
        "SELECT messageId, payload ->> '$.thread' FROM polar_feedback_events ORDER BY rowid"
    ).fetchall()
    assert found == [("msg_u_21", "root:1"), ("msg_u_22", "root:1")]


def test_a_message_does_not_overtake_a_reaction_to_it(connection: Spy) -> None:
    """What was unknown when the reaction came stays so, whatever else is in the group."""
    units = [(reacted(101, 21),), (said(21),), (reacted(102, 21),), (said(22),)]
    run_batch(connection, units)
    found = connection.execute("SELECT messageId FROM polar_feedback_events ORDER BY rowid").fetchall()
    assert found == [("telegram:1:21",), ("msg_u_21",)]


def test_an_update_does_not_end_before_a_reaction_that_looks_for_it(connection: Spy) -> None:
    """A message that is being handled is known by its update, though that ends without it in the same group."""
    run_batch(connection, [(finish(101), reacted(101, 1)), (finish(1), audited(1)), (finish(102), reacted(102, 1))])
    found = connection.execute("SELECT messageId FROM polar_feedback_events ORDER BY rowid").fetchall()
    assert found == [("msg_u_1",), ("telegram:1:1",)]


@pytest.mark.parametrize(("make", "calls"), [(answered, 6), (claimed, 1), (received, 3)])
def test_answers_and_their_calls_cost_few_calls(connection: Spy, make: Callable[..., Unit], calls: int) -> None:
    """A statement a kind, however many chats there are, and one row for all calls; each call gets its own of it."""
    chats = {number: f"telegram:chat:{number}" for number in range(8)}
    before: list[Callable[..., Unit]] = [lambda number, session: answered(REACTIONS[number], number, session), claimed]
    units = [*before, received][: 1 + [answered, claimed, received].index(make)]
    for of in units:
        connection.calls.clear()
        connection.rows = 0
        answers = run_batch(connection, [of(number, session) for number, session in chats.items()])
    assert len(connection.calls) == calls + 2
    assert connection.rows == (make is answered)
    if make is answered:
        told = [[tuple(row[:2]) for row in rows] for answer in answers if isinstance(answer, list) for rows in answer]
        own = [[(session, number)] for number, session in enumerate(chats.values(), 1)]
        assert told == [rows for row in own for rows in ([], [], row, [], [])]


def test_what_somebody_writes_behind_an_answer_stays_behind_it(connection: Spy) -> None:
    """In one chat; in another one nobody can tell."""
    run_batch(connection, [(said(1), *answered(1, 1)), (said(2), audited(2)), (said(3), *answered(3, 3))])
    rows = connection.execute("SELECT role FROM polar_messages ORDER BY sequence").fetchall()
    assert [role for (role,) in rows] == ["user", "assistant", "user", "user", "assistant"]


def test_a_call_that_was_changed_is_not_claimed(connection: Spy) -> None:
    """The others of its group are."""
    run_batch(connection, [answered(REACTIONS[number], number, f"telegram:chat:{number}") for number in range(4)])
    connection.execute("UPDATE polar_delivery_queue SET payload = '{}' WHERE deliveryId = 'd2'")
    answers = run_batch(connection, [claimed(number, f"telegram:chat:{number}") for number in range(4)])
    assert [isinstance(answer, Exception) for answer in answers] == [False, False, True, False]


PAIRS = "CREATE TABLE pairs (name TEXT PRIMARY KEY, place INTEGER)"
PLACE = Bulk("INSERT INTO pairs (name) VALUES ", "(?)", " ON CONFLICT DO NOTHING")


def test_what_has_no_order_is_one_with_its_neighbours_alone(connection: Spy) -> None:
    """Within its unit, and nothing between them is passed by."""
    connection.execute(PAIRS)
    connection.calls.clear()
    count = Statement("SELECT count(*) FROM pairs")
    [answer] = run_batch(connection, [(*(PLACE.of(name) for name in "abcdefgh"), count, PLACE.of("i"), count)])
    assert outcome(answer) == [*[[]] * 8, [(8,)], [], [(9,)]]
    assert len(connection.calls) == 6


def test_what_is_counted_as_one_is_found_out_by_the_sum(connection: Spy) -> None:
    """Then each runs by itself, and the one that did nothing voids its unit."""
    connection.execute(PAIRS)
    put = Bulk("INSERT INTO pairs (name) VALUES ", "(?)", " ON CONFLICT DO NOTHING", order=Order.MESSAGE)
    answers = run_batch(connection, [(put.of(name).expecting(1),) for name in "abab"])
    assert [isinstance(answer, Exception) for answer in answers] == [False, False, True, True]


def test_where_only_some_are_counted_each_runs_by_itself(connection: Spy) -> None:
    """A sum would not tell which of them did nothing."""
    connection.execute(PAIRS)
    put = Bulk("INSERT INTO pairs (name) VALUES ", "(?)", " ON CONFLICT DO NOTHING", order=Order.MESSAGE)
    answers = run_batch(connection, [(put.of("a"),), (put.of("a").expecting(1),), (put.of("b"),)])
    assert [isinstance(answer, Exception) for answer in answers] == [False, True, False]


def test_what_only_fails_as_one_is_run_one_by_one(connection: Spy) -> None:
    """A lone unit too: what it does by itself is what counts."""
    connection.execute(PAIRS)
    broken = Bulk("INSERT INTO pairs (name) VALUES ", "(?)")
    statements = [broken.of(name) for name in "ab"]
    broken_as_one = Bulk("nonsense ", "(?)")
    [answer] = run_batch(connection, [tuple(Statement(s.sql, s.params, bulk=broken_as_one) for s in statements)])
    assert answer == [[], []]
    assert connection.execute("SELECT count(*) FROM pairs").fetchone() == (2,)


@pytest.mark.parametrize(("unit", "files"), [((said(1),), 0), ((ERASE,), 1), ((said(1), ERASE), 1)])
def test_what_may_change_very_much_is_undone_from_a_file(connection: Spy, unit: Unit, files: int) -> None:
    """Memory is for what changes a row each; afterwards all is as before."""
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.calls.clear()
    run_batch(connection, [unit])
    assert connection.calls.count("PRAGMA temp_store = FILE") == files
    assert connection.execute("PRAGMA temp_store").fetchone() == (2,)


def test_the_writer_undoes_in_memory(path: Path) -> None:
    """Once it is migrated, which may take more than there is."""
    with closing(opening.prepare(path, NOW_MS)[0]) as writer:
        assert tuple(writer.execute("PRAGMA temp_store").fetchone()) == (2,)


KINDS: dict[str, Callable[[int, int], Unit]] = {
    "text": lambda update, number: (finish(number), said(number), audited(number)),
    "text of no update": lambda update, number: (said(number, f"again {update}"), audited(number)),
    "not kept": lambda update, number: (finish(number), audited(number)),
    "reaction": lambda update, number: (finish(update), reacted(update, number), audited(update)),
    "two": lambda update, number: (finish(update), *(reacted(update, number, n) for n in (0, 1)), audited(update)),
    "reaction of no update": lambda update, number: (reacted(update, number), audited(update)),
    "backwards": lambda update, number: (reacted(update, number), said(number)),
    "ours": lambda update, number: (said(number), ours(number)),
    "answer": lambda update, number: answered(update, number),
    "answer elsewhere": lambda update, number: answered(update, number + 6, T),
    "text with an answer": lambda update, number: (said(number), *answered(number, number)),
    "two answers": lambda update, number: (*answered(update, number), call(number + 12), ours(number + 12)),
    "call alone": lambda update, number: (finish(update), call(number)),
    "claim": lambda update, number: claimed(number),
    "claim elsewhere": lambda update, number: claimed(number + 6, T),
    "receipt": lambda update, number: received(number),
    "receipt elsewhere": lambda update, number: received(number + 6, T),
    "call and its end": lambda update, number: (*claimed(number), *received(number)),
    "erasure": lambda update, number: (ERASE, LOOK),
    "held": lambda update, number: (Updates.hold(number, number), audited(number)),
    "void": lambda update, number: (said(number), Statement("nonsense")),
    "void and marked": lambda update, number: (reacted(update, number), audited(update, "\ud800")),
    "void by its rows": lambda update, number: (said(number), finish(number), finish(number)),
}
STREAMS = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from(REACTIONS), st.sampled_from(MESSAGES)), max_size=24
)


@settings(deadline=None)
@given(stream=STREAMS, cuts=st.lists(st.integers(1, 24), max_size=4), is_sound=st.booleans())
def test_a_stream_in_groups_is_the_stream_one_by_one(
    stream: list[tuple[str, int, int]], cuts: list[int], is_sound: bool
) -> None:
    """Marked and not, failing, with expectations, with erasures: all rows and each unit's answer are the same."""
    units = [KINDS[kind](update, number) for kind, update, number in stream]
    with closing(loaded()) as alone, closing(loaded()) as grouped:
        expected = [outcome(answer) for unit in units for answer in run_batch(alone, [unit])]
        if is_sound:  # a group with a unit that fails is run one by one in the end
            units = [unit for unit, answer in zip(units, expected, strict=True) if isinstance(answer, list)]
            expected = [answer for answer in expected if isinstance(answer, list)]
        sizes, answers = iter(cuts), []
        while units:
            size = next(sizes, 24)
            group, units = units[:size], units[size:]
            answers += [outcome(answer) for answer in run_batch(grouped, group)]
        assert answers == expected
        assert everything(grouped) == everything(alone)
