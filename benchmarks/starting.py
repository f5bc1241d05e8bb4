"""How long the bot takes from its start until it asks for updates, with little and with much in its database."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.bots import polar
from benchmarks.page import Section
from benchmarks.stage import Stage
from benchmarks.telegram import SENT_AT, Feed

COUNTS = (1_000, 1_000_000)
STARTS = 5
NOW_MS = SENT_AT * 1000
_NUMBERS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < :count) "
_FILL = (
    "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs, finishedAtMs) "
    "SELECT x, x, 'done', 'message', (x % 5000) || '::answers', :now, :now FROM n",
    "INSERT INTO polar_messages (sessionId, messageId, role, telegramMessageId, threadKey, userId, text, createdAtMs) "
    "SELECT 'telegram:chat:' || (x % 5000), 'msg_u_' || x, 'user', x, 'root:' || (x % 5000), x % 5000, "
    "'about as long as what people write', :now FROM n",
    "INSERT INTO polar_feedback_events SELECT 'e' || x, 'reaction_added', 'telegram:chat:' || (x % 5000), "
    "'msg_u_' || x, '👍', 'positive', json_object('actor', CAST(x % 5000 AS TEXT)), :now FROM n",
    "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, "
    "sequence, replyId) SELECT 'd' || x, 'telegram:chat:' || (x % 5000), 'telegram', '{}', 'sent', :now, :now, x, "
    "'r' || x FROM n",
)


def measure(stage: Stage) -> Section:
    """As a section."""
    rows = []
    for count in (0, *COUNTS):
        database = stage.database()
        migrate(stage, database)
        if count:
            fill(database, count)
        rows.append([f"{count:,}", f"{median(_start_ms(stage, database) for _ in range(STARTS)):,.0f}"])
        stage.discard(database)
    return Section(
        words="Milliseconds from the start of the process until it asks Telegram for updates, with so many finished "
        "updates, as many messages, reactions and sent answers; the median of five starts.",
        headings=["rows of each", "ms"],
        rows=rows,
    )


def migrate(stage: Stage, database: Path) -> None:
    """Make an empty database, as `polar db migrate` does."""
    command = polar("http://127.0.0.1:9", database, {}, "bot", "db", "migrate")
    subprocess.run(command.arguments, env=command.environment, check=True, stdout=subprocess.DEVNULL)


def fill(database: Path, count: int) -> None:
    """So many rows of each of what grows."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in _FILL:
            connection.execute(_NUMBERS + statement, {"count": count, "now": NOW_MS})


def _start_ms(stage: Stage, database: Path) -> float:
    with stage.telegram(Feed()) as (api, server), stage.bot(polar(api, database, {"responder": "none"})) as bot:
        return float(server.expect("polled", bot) - bot.started_ns) / 1e6
