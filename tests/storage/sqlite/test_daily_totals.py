"""The counts of each day agree with the rows that they count, whoever writes those."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import migrations
from tests.storage.files import DAY_MS, NOW_MS

FEEDBACK = st.tuples(
    st.sampled_from(["reaction_added", "reaction_removed", "reaction_count", "command_executed"]),
    st.sampled_from(["👍", "👎", None]),
    st.sampled_from(["positive", "negative", None]),
    st.sampled_from(['{"producedBy":{"automationId":"a","profileId":"p"}}', "{}", "no JSON", None]),
    st.integers(NOW_MS - 3 * DAY_MS, NOW_MS),
)
AUDIT = st.tuples(
    st.sampled_from(["message", "reaction"]),
    st.sampled_from(["answered", "failed"]),
    st.sampled_from([0, 10, 11, 50, 51, 999, 1000, 15_000, 60_000, 60_001, 10**9]),
    st.integers(NOW_MS - 3 * DAY_MS, NOW_MS),
)
MESSAGES = st.tuples(st.sampled_from(["user", "assistant"]), st.integers(NOW_MS - 3 * DAY_MS, NOW_MS))

DAILY = {
    "polar_daily_feedback": """
        SELECT date(createdAtMs / 1000, 'unixepoch'), coalesce(emoji, ''), coalesce(polarity, 'neutral'),
          iif(payload LIKE '%automationId%', 'a', ''), iif(payload LIKE '%profileId%', 'p', ''),
          count(*) FILTER (WHERE type = 'reaction_added'), count(*) FILTER (WHERE type = 'reaction_removed')
        FROM polar_feedback_events WHERE type LIKE 'reaction_%ed' GROUP BY 1, 2, 3, 4, 5""",
    "polar_chat_feedback": """
        SELECT sessionId, date(createdAtMs / 1000, 'unixepoch'),
          iif(payload LIKE '%automationId%', 'a', ''), iif(payload LIKE '%profileId%', 'p', ''),
          count(*) FILTER (WHERE polarity = 'positive' AND type = 'reaction_added')
          - count(*) FILTER (WHERE polarity = 'positive' AND type = 'reaction_removed'),
          count(*) FILTER (WHERE polarity = 'negative' AND type = 'reaction_added')
          - count(*) FILTER (WHERE polarity = 'negative' AND type = 'reaction_removed'), 0, max(createdAtMs)
        FROM polar_feedback_events WHERE type LIKE 'reaction_%ed' GROUP BY 1, 2, 3, 4""",
    "polar_daily_runs": """
        SELECT date(createdAtMs / 1000, 'unixepoch'), source, iif(json_valid(output), output ->> 'status', ''), count(*)
        FROM polar_run_events GROUP BY 1, 2, 3""",
    "polar_daily_messages": """
        SELECT date(createdAtMs / 1000, 'unixepoch'), role, count(*) FROM polar_messages GROUP BY 1, 2""",
}


def fill(
    connection: sqlite3.Connection, feedback: list[tuple[object, ...]], messages: list[tuple[object, ...]], start: int
) -> None:
    """Write rows as any program would, some of them twice."""
    for number, row in enumerate(feedback, start):
        for _ in range(1 + number % 2):
            connection.execute(
                "INSERT OR IGNORE INTO polar_feedback_events VALUES (?, ?, 's', 'm', ?, ?, ?, ?)", (str(number), *row)
            )
        connection.execute(
            "INSERT OR REPLACE INTO polar_run_events (source, id, runId, profileId, trigger, output, createdAtMs) "
            "VALUES ('heartbeat', 'i', ?, 'p', 't', ?, ?)",
            (str(number // 2), '{"status":"skipped"}' if number % 3 else "no JSON", row[-1]),
        )
    connection.executemany(
        "INSERT INTO polar_messages (sessionId, role, threadKey, createdAtMs) VALUES ('s', ?, 't', ?)", messages
    )


def audit(connection: sqlite3.Connection, rows: list[tuple[object, ...]]) -> None:
    """Write audit rows."""
    connection.executemany(
        "INSERT INTO polar_audit (turnId, attempt, sessionId, userId, kind, outcome, durationMs, createdAtMs) "
        "VALUES ('t', 1, 's', 'u', ?, ?, ?, ?)",
        rows,
    )


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(FEEDBACK), st.lists(FEEDBACK), st.lists(MESSAGES), st.lists(AUDIT), st.lists(AUDIT))
def test_counts_agree_with_rows_written_before_and_after_they_were_introduced(
    before: list[tuple[object, ...]],
    after: list[tuple[object, ...]],
    messages: list[tuple[object, ...]],
    first: list[tuple[object, ...]],
    second: list[tuple[object, ...]],
) -> None:
    """Rows of an older version are counted by the migration, later ones by triggers, doubled ones once."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(connection, NOW_MS, until=3)
        fill(connection, before, messages, 0)
        audit(connection, first)
        migrations.apply(connection, NOW_MS)
        fill(connection, after, messages, len(before))
        audit(connection, second)
        for table, query in DAILY.items():
            assert sorted(connection.execute(f"SELECT * FROM {table}")) == sorted(connection.execute(query))
        count, total = connection.execute("SELECT sum(count), sum(durationMs) FROM polar_daily_turns").fetchone()
        assert (count or 0, total or 0) == (len(first) + len(second), sum(int(str(r[2])) for r in first + second))
        for le, count in connection.execute("SELECT le, sum(count) FROM polar_daily_turns GROUP BY le"):
            bounds = [0.0, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, float("inf")]
            lower = bounds[bounds.index(float(le)) - 1] if float(le) > 0.01 else -1.0
            assert count == sum(lower < int(str(r[2])) / 1000 <= float(le) for r in first + second)


@pytest.mark.parametrize("instant", [2**62, -(2**62), 253_402_300_800_000, 1e300])
def test_what_happened_beyond_the_calendar_is_counted_too(instant: float) -> None:
    """Another program's row is not refused because of its time."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(connection, NOW_MS, until=3)
        for _ in range(2):
            connection.execute(
                "INSERT INTO polar_feedback_events VALUES (hex(randomblob(8)), 'reaction_added', 's', 'm', '👍', "
                "'positive', '{}', ?)",
                (instant,),
            )
            migrations.apply(connection, NOW_MS)
        assert connection.execute("SELECT day, added FROM polar_daily_feedback").fetchall() == [("", 2)]


def test_each_result_of_a_send_is_counted(tmp_path: Path) -> None:
    """A row that is tried again counts as retried, and as sent when it is sent; what only waits counts nowhere."""
    with closing(sqlite3.connect(tmp_path / "file.db", isolation_level=None)) as connection:
        migrations.apply(connection, NOW_MS)
        connection.execute(
            "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, "
            "updatedAtMs, sequence, replyId) VALUES ('d', 's', 'telegram', '{}', 'pending', ?1, ?1, 1, 'r')",
            (NOW_MS,),
        )
        for status in ("sending", "pending", "sending", "sent"):
            connection.execute("UPDATE polar_delivery_queue SET status = ?", (status,))
        found = dict(connection.execute("SELECT result, sum(count) FROM polar_daily_sends GROUP BY result"))
        assert found == {"retried": 1, "sent": 1}
