"""The triggers do what they do on SQLite: the same rows lead to the same counts, and ledgers only grow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import migrations
from storage.postgres import connections, dialect
from storage.postgres.dialect import translate
from tests import cluster, examples
from tests.storage.files import DAY_MS, NOW_MS

COUNTS = (
    "polar_daily_feedback",
    "polar_chat_feedback",
    "polar_daily_messages",
    "polar_daily_turns",
    "polar_daily_sends",
    "polar_daily_runs",
    "polar_daily_spend",
    "polar_totals",
    "polar_sequences",
)
MS = st.one_of(st.integers(NOW_MS - DAY_MS, NOW_MS + DAY_MS), st.sampled_from([0, -1, 2**60]))
JSON = st.sampled_from(['{"producedBy":{"automationId":"a","profileId":"p"},"status":"failed"}', "{}", "none", None])
NUMBER = st.integers(1, 4)
FEEDBACK = "INSERT INTO polar_feedback_events (id, type, sessionId, emoji, polarity, payload, createdAtMs) VALUES"
RUN = "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, createdAtMs) VALUES"
CALL = "INSERT INTO polar_calls (turnId, attempt, number, sessionId, userId, model, outcome, createdAtMs) VALUES"
QUEUED = (
    "INSERT INTO polar_delivery_queue "
    "(deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, sequence, replyId) VALUES"
)
AUDIT = "INSERT INTO polar_audit (turnId, attempt, kind, sessionId, userId, outcome, durationMs, createdAtMs) VALUES"
UPDATE = "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs) VALUES"
ENDS = st.sampled_from(["answered", "failed", "open"])
WRITES = st.one_of(
    st.tuples(
        st.just(f"{FEEDBACK} ('f' || ?, ?, 's', ?, ?, ?, ?)"),
        st.tuples(
            NUMBER.map(str),
            st.sampled_from(["reaction_added", "reaction_removed", "reaction_count"]),
            st.sampled_from(["👍", None]),
            st.sampled_from(["positive", "negative", "neutral", None]),
            JSON,
            MS,
        ),
    ),
    st.tuples(
        st.just(f"{RUN} (?, 'j', ?, 'p', 'schedule', ?, ?)"),
        st.tuples(
            st.sampled_from(["automation", "heartbeat"]), NUMBER.map(str), JSON.map(lambda text: text or "{}"), MS
        ),
    ),
    st.tuples(
        st.just("INSERT INTO polar_messages (sessionId, role, threadKey, createdAtMs) VALUES ('s', ?, 'root:1', ?)"),
        st.tuples(st.sampled_from(["user", "assistant"]), MS),
    ),
    st.tuples(
        st.just(f"{AUDIT} ('t', 1, ?, 's', 'u', ?, ?, ?)"),
        st.tuples(st.sampled_from(["message", "run"]), ENDS, st.sampled_from([0, 10, 11, 60_000, 60_001]), MS),
    ),
    st.tuples(
        st.just(f"{QUEUED} ('d' || ?, 's', 'telegram', '{{}}', ?, ?, ?, ?, 'r') ON CONFLICT DO NOTHING"),
        st.tuples(NUMBER.map(str), st.sampled_from(["pending", "sending"]), MS, MS, NUMBER),
    ),
    st.tuples(
        st.just("UPDATE polar_delivery_queue SET status = ?, updatedAtMs = ? WHERE sequence = ?"),
        st.tuples(st.sampled_from(["pending", "sending", "sent", "failed"]), MS, NUMBER),
    ),
    st.tuples(
        st.just(
            "UPDATE polar_delivery_queue SET sequence = sequence + 10 WHERE sequence = ? "
            "AND NOT EXISTS (SELECT 1 FROM polar_delivery_queue WHERE sequence > 10)"
        ),
        st.tuples(NUMBER),
    ),
    st.tuples(
        st.just(
            f"{UPDATE} (?, 9 - ?, 'pending', 'message', 'l', 1) ON CONFLICT (updateId) DO UPDATE SET status = 'done'"
        ),
        NUMBER.map(lambda number: (number, number)),
    ),
    st.tuples(
        st.just(f"{CALL} (?, 1, 1, 's', ?, 'm', 'open', ?) ON CONFLICT DO NOTHING"),
        st.tuples(NUMBER.map(str), st.sampled_from(["u", "v"]), MS),
    ),
    st.tuples(
        st.just(
            "UPDATE polar_calls "
            "SET outcome = ?, usd = CAST(? AS REAL), inputTokens = CAST(? AS INTEGER) WHERE turnId = ?"
        ),
        st.tuples(ENDS, st.sampled_from([None, 0.1, 0.000_000_002]), st.none() | NUMBER, NUMBER.map(str)),
    ),
)


@pytest.fixture(scope="module")
def both(server: str, template: str) -> Iterator[tuple[sqlite3.Connection, psycopg.Connection]]:
    """Two new databases."""
    with (
        cluster.database(server, template) as url,
        psycopg.connect(url, autocommit=True) as postgres,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as sqlite,
    ):
        migrations.apply(sqlite, NOW_MS)
        postgres.execute(dialect.USE)
        connections.register(postgres.adapters)
        yield sqlite, postgres


@given(writes=st.lists(WRITES, max_size=12))
@examples(25)
def test_the_same_rows_lead_to_the_same_counts(
    both: tuple[sqlite3.Connection, psycopg.Connection], writes: list[tuple[str, tuple[Any, ...]]]
) -> None:
    """Whoever writes them, in whatever order; also where a row is there already, or a day is beyond the calendar."""
    sqlite, postgres = both
    sqlite.execute("BEGIN")
    with postgres.transaction(force_rollback=True):
        for sql, params in writes:
            assert postgres.execute(translate(sql), params).rowcount == sqlite.execute(sql, params).rowcount, sql
        for look in (f"SELECT * FROM {table}" for table in COUNTS):
            assert sorted(postgres.execute(look).fetchall()) == sorted(sqlite.execute(look).fetchall()), look
    sqlite.execute("ROLLBACK")


@pytest.fixture
def ledgers(connection: psycopg.Connection) -> psycopg.Connection:
    """Two ledgers, with a row each."""
    connection.execute(f"{FEEDBACK} ('f1', 'reaction_added', 's', NULL, NULL, NULL, 1)")
    connection.execute(f"{RUN} ('automation', 'j', 'r1', 'p', 'schedule', '{{}}', 1)")
    return connection


LEDGERS = ["polar_feedback_events", "polar_run_events"]
CHANGES = {
    "update": "UPDATE {} SET createdAtMs = 0",
    "update of a key": "UPDATE {} SET id = 'other'",
    "delete": "DELETE FROM {}",
    "truncate": "TRUNCATE {}",
    "truncate with all": "TRUNCATE {} CASCADE",
}


@pytest.mark.parametrize("table", LEDGERS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_ledger_never_changes(ledgers: psycopg.Connection, table: str, change: str) -> None:
    """The statement fails and says why; every row is what it was."""
    before = ledgers.execute(f"SELECT * FROM {table}").fetchall()
    with pytest.raises(psycopg.IntegrityError, match=f"{table} is append-only"):
        ledgers.execute(CHANGES[change].format(table))
    assert ledgers.execute(f"SELECT * FROM {table}").fetchall() == before


AGAIN = [
    f"{FEEDBACK} ('f1', 'forged', 's', NULL, NULL, NULL, 0)",
    f"{FEEDBACK} ('f1', 'forged', 's', NULL, NULL, NULL, 0) ON CONFLICT (id) DO UPDATE SET type = 'forged'",
    "INSERT INTO polar_feedback_events (id, type, sessionId, createdAtMs, rowid) VALUES ('f2', 'forged', 's', 0, 1)",
    f"{RUN} ('automation', 'j', 'r1', 'p', 'forged', '{{}}', 0)",
    f"{RUN} ('automation', 'j', 'r1', 'p', 'forged', '{{}}', 0) "
    "ON CONFLICT (source, id, runId) DO UPDATE SET trigger = 'forged'",
    "INSERT INTO polar_run_events (sequence, source, id, runId, profileId, trigger, output, createdAtMs) "
    "VALUES (1, 'automation', 'j', 'r9', 'p', 'forged', '{}', 0)",
]


@pytest.mark.parametrize("sql", AGAIN)
def test_what_a_ledger_has_is_not_entered_again(ledgers: psycopg.Connection, sql: str) -> None:
    """It neither fails nor does anything, and nothing counts it."""
    looks = [f"SELECT * FROM {table}" for table in (*LEDGERS, "polar_daily_feedback", "polar_daily_runs")]
    before = [ledgers.execute(look).fetchall() for look in looks]
    assert ledgers.execute(sql).rowcount == 0
    assert [ledgers.execute(look).fetchall() for look in looks] == before


def test_a_ledger_is_not_walked_for_what_is_entered(ledgers: psycopg.Connection) -> None:
    """Each row costs the same, however many there are: what is looked for is found by its keys, also in a new table."""
    with ledgers.transaction():
        ledgers.execute(f"{FEEDBACK} ('f2', 'reaction_added', 's', '👍', 'positive', NULL, 1)")
        ledgers.execute(f"{RUN} ('automation', 'j', 'r2', 'p', 'schedule', '{{}}', 1)")
        walks = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = ANY (%s) AND schemaname = 'polar'"
        assert ledgers.execute(walks, (LEDGERS,)).fetchall() == [(0,), (0,)]


def test_a_new_database_has_keys_of_its_own(connection: psycopg.Connection) -> None:
    """Of as many bits as SQLite's: what is made of them tells nothing to who does not have the database."""
    keys = [key for (key,) in connection.execute("SELECT key FROM polar_keys")]
    assert keys and len(set(keys)) == len(keys)
    assert {len(bytes.fromhex(key)) for key in keys} == {32}
