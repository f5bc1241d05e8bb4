"""A database with rows to export, and what the job makes of it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import exports.__main__ as job
from storage.sqlite import opening
from tests.house import CHECKOUT

SESSION = "telegram:chat:4711"
FILES = ("REACTIONS.md", "HEARTBEAT.md", "MEMORY.md", "PERSONALITY.md")


def ms(written: str) -> int:
    """Milliseconds of an instant like 2026-11-22T10:00:00Z."""
    return round(datetime.fromisoformat(written).timestamp() * 1000)


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A plain connection to the file, which is made and brought up to date first."""
    opening.prepare(path, 0)[0].close()
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def react(
    connection: sqlite3.Connection,
    event_id: Any,
    at: Any,
    *,
    kind: Any = "reaction_added",
    emoji: Any = "👍",
    polarity: Any = "positive",
    message: Any = "msg_a_1",
    session: Any = SESSION,
    payload: Any = '{"actor":"7"}',
) -> None:
    """An event of the feedback ledger; `at` is an instant or any value at all."""
    connection.execute(
        "INSERT INTO polar_feedback_events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (event_id, kind, session, message, emoji, polarity, payload, _time(at)),
    )


def say(connection: sqlite3.Connection, number: int, text: Any, *, role: str = "assistant") -> None:
    """A message that was stored."""
    connection.execute(
        "INSERT INTO polar_messages (sessionId, messageId, role, telegramMessageId, threadKey, text, createdAtMs) "
        "VALUES (?, ?, ?, ?, 'root:4711', ?, 0)",
        (SESSION, f"msg_{role[0]}_{number}", role, number, text),
    )


def beat(connection: sqlite3.Connection, run_id: Any, at: Any, output: Any, *, policy: Any = "watch") -> None:
    """A run of a heartbeat."""
    connection.execute(
        "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, metadata, createdAtMs) "
        "VALUES ('heartbeat', ?, ?, 'profile.default', 'schedule', ?, NULL, ?)",
        (policy, run_id, output if isinstance(output, str | bytes) else json.dumps(output), _time(at)),
    )


def remember(connection: sqlite3.Connection, memory_id: str, at: Any, record: Any, *, user: Any = "7") -> None:
    """A memory."""
    connection.execute(
        "INSERT INTO polar_memory VALUES (?, ?, ?, 'session', 'fact', ?, '{}', ?, ?)",
        (memory_id, SESSION, user, record, _time(at), _time(at)),
    )


def ask_to_be(connection: sqlite3.Connection, scope: str, at: Any, prompt: Any, *, user: Any, session: Any) -> None:
    """A personality profile."""
    key = ":".join(part for part in ("personality", scope, user, session) if part)
    connection.execute(
        "INSERT INTO polar_personality_profiles VALUES (?, ?, ?, ?, NULL, ?, 0, ?)",
        (key, scope, user, session, prompt, _time(at)),
    )


def _time(at: Any) -> Any:
    return ms(at) if isinstance(at, str) and at[:2] == "20" else at


def fill(connection: sqlite3.Connection) -> None:
    """A little of everything, over three days."""
    say(connection, 1, "Good morning!\n\nHere is the *news*.")
    say(connection, 2, "my own words", role="user")
    react(connection, "e1", "2026-11-20T08:00:00Z", emoji="👎", polarity="negative")
    react(connection, "e2", "2026-11-22T10:11:12Z", kind="reaction_removed", emoji="👎", polarity="negative")
    react(connection, "e3", "2026-11-22T10:11:12Z", payload='{"actor":"7","producedBy":{"automationId":"job1"}}')
    react(connection, "e4", "2026-11-22T12:00:00Z", message="msg_u_2", emoji="🔥")
    react(connection, "e5", "2026-11-21T09:00:00Z", message="telegram:4711:99", emoji=None, polarity=None)
    totals = '{"totals":[{"emoji":"👍","count":5},{"emoji":"🤡","count":2}]}'
    react(connection, "e6", "2026-11-21T09:00:01Z", kind="reaction_count", emoji=None, payload=totals)
    command = '{"command":"remember","outcome":"answered","argumentLength":12}'
    react(connection, "e7", "2026-11-22T13:00:00Z", kind="command_executed", emoji=None, payload=command)
    beat(connection, "r1", "2026-11-21T08:00:00Z", {"status": "executed", "reason": "nothing to report"})
    beat(connection, "r2", "2026-11-22T08:00:00Z", {"status": "skipped", "reason": "missed"})
    remember(connection, "m1", "2026-11-20T08:00:00Z", '{"fact":"Prefers aubergines"}')
    remember(connection, "m2", "2026-11-22T08:00:00Z", '{"summary":"talked about bees","turns":3}', user="8")
    ask_to_be(connection, "global", "2026-11-20T08:00:00Z", "Be brief.", user=None, session=None)
    ask_to_be(connection, "session", "2026-11-22T08:00:00Z", "Be a pirate.\nAlways.", user="7", session=SESSION)


def command(database: Path, out: Path, *arguments: str) -> list[str]:
    """The job's command line."""
    return [sys.executable, "-m", "exports", f"--database={database}", f"--out={out}", *arguments]


def export(database: Path, out: Path, *arguments: str) -> dict[str, Any]:
    """Run the job in this process, where it has to succeed; what it tells of each file."""
    told, handler = StringIO(), signal.getsignal(signal.SIGTERM)
    try:
        with redirect_stdout(told), redirect_stderr(told):
            status = job.main(command(database, out, *arguments, "--json")[3:])
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert status == 0, told.getvalue()
    facts: dict[str, Any] = json.loads(told.getvalue())
    return facts


def export_apart(database: Path, out: Path, *, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The same by a process of its own."""
    done = attempt(database, out, "--json", environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def attempt(
    database: Path, out: Path, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the job."""
    return subprocess.run(
        command(database, out, *arguments),
        cwd=CHECKOUT,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read(out: Path, file: str = "REACTIONS.md") -> str:
    """A file that was exported."""
    return (out / file).read_text(encoding="utf-8")
