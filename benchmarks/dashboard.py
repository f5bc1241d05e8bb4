"""How long the dashboard's pages take over a million messages and a million feedback events.

The database is made once, through the real migrations, so that its triggers count; then the real web process is asked,
page after page within a round, next to /healthz, which does nothing.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from storage import migrations
from storage.sqlite import opening
from storage.tables.runs import Runs

CHECKOUT = Path(__file__).resolve().parent.parent
DAYS, DAY_MS = 365, 86_400_000
BARE = "/healthz"
PAGES = (
    BARE,
    "/",
    "/feedback",
    "/feedback?days=90",
    "/feedback?days=365",
    "/runs",
    "/automations",
    "/memory",
    "/memory?q=garden",
    "/deliveries",
    "/metrics",
)
REACTIONS = (
    *(("👍", "positive"),) * 10,
    *(("❤", "positive"), ("🔥", "positive"), ("🎉", "positive"), ("👏", "positive")),
    *(("👎", "negative"), ("💩", "negative"), ("🤔", "neutral"), ("👀", "neutral")),
)
CHATS, JOBS, PROFILES = 500, 20, 5


class Filling:
    """Writes a year of use."""

    def __init__(self, connection: sqlite3.Connection, count: int) -> None:
        self._connection = connection
        self._count = count
        self._random = random.Random(1)
        self._end_ms = time.time_ns() // 1_000_000
        self._replies = count // 2

    def fill(self) -> None:
        """All tables that pages read."""
        self._insert("polar_automation_jobs", self._jobs())
        self._insert("polar_messages", self._messages())
        self._insert("polar_feedback_events", self._feedback())
        self._insert("polar_audit", self._audit())
        self._insert("polar_updates", self._updates())
        self._insert("polar_delivery_queue", self._deliveries())
        self._insert("polar_run_events", self._runs())
        self._insert("polar_memory", self._memories())
        replay = Runs.replay(first=0)
        self._connection.execute(replay.sql, replay.params)

    def _insert(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        self._connection.execute("BEGIN")
        iterator = iter(rows)
        first = next(iterator)
        places = ", ".join(f":{name}" for name in first)
        sql = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({places})"  # noqa: S608 - names of ours
        self._connection.execute(sql, first)
        self._connection.executemany(sql, iterator)
        self._connection.execute("COMMIT")

    def _at(self, number: int, count: int) -> int:
        return self._end_ms - DAYS * DAY_MS + (number + 1) * DAYS * DAY_MS // (count + 1)

    def _chat(self, number: int) -> str:
        return f"telegram:chat:{number % CHATS + 1}"

    def _origin(self, number: int) -> dict[str, str]:
        origin = {"profileId": f"profile-{number % PROFILES}", "responder": "openai"}
        return origin if number % 3 else origin | {"automationId": f"job-{number % JOBS}"}

    def _jobs(self) -> Iterator[dict[str, Any]]:
        for number in range(JOBS):
            yield {
                "id": f"job-{number}",
                "ownerUserId": "1",
                "sessionId": self._chat(number),
                "schedule": "0 9 * * * UTC",
                "promptTemplate": f"Say what is new in matter {number}",
                "enabled": 1,
                "createdAtMs": self._end_ms,
                "updatedAtMs": self._end_ms,
            }

    def _messages(self) -> Iterator[dict[str, Any]]:
        for number in range(self._count):
            written, pair = number % 2, number // 2
            yield {
                "sessionId": self._chat(pair),
                "messageId": f"msg_{'a' if written else 'u'}_{number}",
                "role": "assistant" if written else "user",
                "telegramMessageId": number,
                "threadKey": f"root:{pair % CHATS + 1}",
                "userId": None if written else str(pair % CHATS + 1),
                "text": f"A text of about the length that people write, number {number}, no more and no less",
                "origin": json.dumps(self._origin(pair)) if written else None,
                "deliveryId": f"update:{pair}:{self._at(number, self._count)}:0:0" if written else None,
                "createdAtMs": self._at(number, self._count),
            }

    def _feedback(self) -> Iterator[dict[str, Any]]:
        for number in range(self._count):
            pair = number * self._replies // self._count
            emoji, polarity = self._random.choice(REACTIONS)
            payload = {"actor": str(number % 2_000), "producedBy": self._origin(pair), "updateId": number}
            yield {
                "id": f"event-{number}",
                "type": "reaction_removed" if self._random.random() < 0.1 else "reaction_added",
                "sessionId": self._chat(pair),
                "messageId": f"msg_a_{2 * pair + 1}",
                "emoji": emoji,
                "polarity": polarity,
                "payload": json.dumps(payload),
                "createdAtMs": self._at(number, self._count),
            }

    def _audit(self) -> Iterator[dict[str, Any]]:
        for number in range(self._replies):
            yield {
                "turnId": f"update:{number}",
                "attempt": 1,
                "kind": ("message", "command", "reaction")[number % 3],
                "sessionId": self._chat(number),
                "userId": "1",
                "outcome": ("answered", "recorded")[number % 2],
                "durationMs": round(self._random.lognormvariate(6, 1)),
                "createdAtMs": self._at(number, self._replies),
            }

    def _updates(self) -> Iterator[dict[str, Any]]:
        for number in range(self._replies):
            yield {
                "updateId": number,
                "sequence": number,
                "status": "dead" if number % 50_000 == 1 else "done",
                "kind": "message",
                "lane": self._chat(number),
                "receivedAtMs": self._at(number, self._replies),
                "finishedAtMs": self._at(number, self._replies) + 900,
            }

    def _deliveries(self) -> Iterator[dict[str, Any]]:
        for number in range(self._replies):
            received = self._at(2 * number + 1, self._count)
            yield {
                "deliveryId": f"update:{number}:{received}:0:0",
                "sessionId": self._chat(number),
                "channel": "telegram",
                "payload": '{"method":"sendMessage","text":"A text"}',
                "status": "failed" if number % 1_000 == 1 else "sent",
                "createdAtMs": received + 800,
                "updatedAtMs": received + 800 + round(self._random.lognormvariate(5, 1)),
                "sequence": number + 1,
                "replyId": f"update:{number}:{received}:0",
            }

    def _runs(self) -> Iterator[dict[str, Any]]:
        count = self._count // 5
        for number in range(count):
            status = "failed" if number % 50 == 1 else "executed"
            yield {
                "source": "automation" if number % 2 else "heartbeat",
                "id": f"job-{number % JOBS}",
                "runId": f"run-{number}",
                "profileId": "profile-0",
                "trigger": "schedule",
                "output": json.dumps({"status": status}),
                "metadata": "{}",
                "createdAtMs": self._at(number, count),
            }

    def _memories(self) -> Iterator[dict[str, Any]]:
        count = self._count // 10
        things = ("garden gate", "blue bicycle", "spare key", "green teapot", "old radio")
        for number in range(count):
            at = self._at(number, count)
            yield {
                "memoryId": f"memory-{number}",
                "sessionId": self._chat(number),
                "userId": str(number % CHATS + 1),
                "scope": "session",
                "type": "fact",
                "record": json.dumps({"fact": f"the {things[number % len(things)]} is at place {number}"}),
                "metadata": "{}",
                "createdAtMs": at,
                "updatedAtMs": at,
            }


def database(folder: Path, count: int) -> Path:
    """The database of so many messages and events; one that was made today, of this schema, is used again."""
    day = time.strftime("%Y%m%d", time.gmtime())
    path = folder / f"dashboard-{count}-{migrations.newest()}-{day}.db"
    if path.exists():
        return path
    unfinished = folder / "dashboard-unfinished.db"
    for left in (*folder.glob("dashboard-*.db*"), unfinished):
        left.unlink(missing_ok=True)
    connection, _ = opening.prepare(unfinished, 0)
    with closing(connection):
        connection.execute("PRAGMA synchronous = OFF")
        Filling(connection, count).fill()
        # The index over memories is made when the file is opened and has none.
        connection.execute("DROP TABLE IF EXISTS polar_memory_fts")
    opening.prepare(unfinished, 0)[0].close()
    return unfinished.rename(path)


@contextmanager
def serving(path: Path) -> Iterator[http.client.HTTPConnection]:
    """A connection to the real web process."""
    command = [sys.executable, "-m", "web", "--database", str(path), "--artifacts", str(path.parent)]
    with subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0"], cwd=CHECKOUT, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        match = re.search(r"http://(.+):(\d+)/", process.stderr.readline())
        assert match is not None
        try:
            with closing(http.client.HTTPConnection(match[1], int(match[2]), timeout=60)) as connection:
                yield connection
        finally:
            process.terminate()


def measure(connection: http.client.HTTPConnection, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each page; a first round, in which files and templates are read, does not count."""
    found: dict[str, list[float]] = {page: [] for page in PAGES}
    for number in range(rounds + 1):
        for page in PAGES:
            started = time.perf_counter()
            connection.request("GET", page)
            response = connection.getresponse()
            response.read()
            took = (time.perf_counter() - started) * 1000
            assert response.status == 200, f"{page}: {response.status}"
            if number:
                found[page].append(took)
    return found


def show(found: dict[str, list[float]], count: int) -> None:
    """Milliseconds, and how often /healthz fits into each."""
    table = Table("page", title=f"milliseconds; {count:,} messages and as many feedback events")
    for heading in ("min", "median", "max", f"median / {BARE}"):
        table.add_column(heading, justify="right")
    bare = median(found[BARE])
    for page, times in found.items():
        figures = (f"{figure:.1f}" for figure in (min(times), median(times), max(times)))
        table.add_row(page, *figures, f"{median(times) / bare:.0f}")
    Console().print(table)


def main(
    count: Annotated[int, typer.Option(min=1000, help="Messages, and feedback events.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each page is asked for.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the database is made; on a disk.")] = CHECKOUT / ".bench",
) -> None:
    """Measure the dashboard."""
    folder.mkdir(parents=True, exist_ok=True)
    with serving(database(folder, count)) as connection:
        found = measure(connection, rounds)
    if as_json:
        print(json.dumps(found))
    else:
        show(found, count)


if __name__ == "__main__":
    typer.run(main)
