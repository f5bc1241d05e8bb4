"""`python -m bot.demo.verify DATABASE LOG`: what a second process finds; exit status 0 when all is as it must be."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

Finding = tuple[bool, str]
THUMBS = {"fb:+": "👍", "fb:-": "👎"}


def main() -> int:
    """Print the rows, then each claim with a tick or a cross."""
    database, log = Path(sys.argv[1]), Path(sys.argv[2])
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    console = Console(width=92, force_terminal=True, highlight=False)
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        _show(console, connection)
        findings = list(_findings(connection, lines))
    for true, claim in findings:
        console.print(Text("✔ " if true else "✘ ", style="green" if true else "red").append(claim, style="default"))
    return 0 if all(true for true, _ in findings) else 1


def _show(console: Console, connection: sqlite3.Connection) -> None:
    ledger = Table("event", "emoji", "polarity", "on", "via", title="polar_feedback_events", title_justify="left")
    for row in connection.execute(
        "SELECT e.type, coalesce(e.emoji, ''), e.polarity, substr(coalesce(m.text, e.messageId), 1, 28), "
        "coalesce(json_extract(e.payload, '$.via'), '/' || json_extract(e.payload, '$.command')) "
        "FROM polar_feedback_events AS e "
        "LEFT JOIN polar_messages AS m ON m.sessionId = e.sessionId AND m.messageId = e.messageId ORDER BY e.rowid"
    ):
        ledger.add_row(*(" ".join(cell.split()) for cell in row))
    console.print(ledger)
    runs = Table("run", "trigger", "status", title="polar_run_events", title_justify="left")
    for row in connection.execute("SELECT runId, trigger, json_extract(output, '$.status') FROM polar_run_events"):
        runs.add_row(*row)
    console.print(runs)


def _findings(connection: sqlite3.Connection, lines: list[dict[str, Any]]) -> Iterator[Finding]:
    yield _updates(connection, lines)
    yield _replies(connection, lines)
    yield _ledger(connection, lines)
    runs = connection.execute("SELECT json_extract(output, '$.status') FROM polar_run_events").fetchall()
    yield runs == [("executed",)] * 2, "two automations were due, each ran once"


def _updates(connection: sqlite3.Connection, lines: list[dict[str, Any]]) -> Finding:
    made = {line["update_id"] for line in lines if line["log"] == "update"}
    done = Counter(row[0] for row in connection.execute("SELECT updateId FROM polar_updates WHERE status = 'done'"))
    (turns,) = connection.execute(
        "SELECT count(DISTINCT turnId) = count(*) FROM polar_audit WHERE turnId LIKE 'update:%'"
    ).fetchone()
    return set(done) == made and turns == 1, f"{len(made)} updates were made, each was handled once"


def _replies(connection: sqlite3.Connection, lines: list[dict[str, Any]]) -> Finding:
    sent = [line for line in lines if line["log"] == "call" and line["method"] == "sendMessage"]
    arrived = sorted(line["message_id"] for line in sent if line["status"] == 200)
    stored = [row[0] for row in connection.execute(
        "SELECT telegramMessageId FROM polar_messages WHERE role = 'assistant' ORDER BY telegramMessageId"
    )]  # fmt: skip
    (waiting,) = connection.execute("SELECT count(*) FROM polar_delivery_queue WHERE status <> 'sent'").fetchone()
    return arrived == stored and waiting == 0, f"{len(stored)} replies were sent, each once, with its receipt"


def _ledger(connection: sqlite3.Connection, lines: list[dict[str, Any]]) -> Finding:
    expected: list[tuple[str, str, str]] = []
    for line in lines:
        if line["log"] != "update":
            continue
        if change := line["update"].get("message_reaction"):
            old, new = ([r["emoji"] for r in change[f"{age}_reaction"]] for age in ("old", "new"))
            expected += [("reaction_removed", emoji, "reaction") for emoji in old if emoji not in new]
            expected += [("reaction_added", emoji, "reaction") for emoji in new if emoji not in old]
        elif (press := line["update"].get("callback_query")) and press["data"] in THUMBS:
            expected.append(("reaction_added", THUMBS[press["data"]], "button"))
    found = connection.execute(
        "SELECT type, emoji, json_extract(payload, '$.via') FROM polar_feedback_events WHERE emoji IS NOT NULL "
        "AND json_extract(payload, '$.unresolved') IS NULL ORDER BY rowid"
    ).fetchall()
    return found == expected, f"{len(expected)} changes of reactions are in the ledger, in order, nothing else"


if __name__ == "__main__":
    sys.exit(main())
