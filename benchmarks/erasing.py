"""`python -m benchmarks.erasing`: what it costs to overwrite what is deleted, and what stays on the disk without it.

The statements of reactions and of answered messages, a commit each, through the writer, with SQLite's `secure_delete`
at each of its values, one after the other in small portions, so that all have the same machine. Time is the
processor's, as a ratio to OFF. Then one person in two is erased, the log emptied, and the file searched for their word.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.telegram import SENT_AT
from storage.beside import Beside
from storage.delivery import Delivery
from storage.engines import beside
from storage.erasure import Erasure
from storage.origin import UNKNOWN
from storage.payloads import SendMessage
from storage.sqlite import opening
from storage.statement import Statement
from storage.tables.audit import AuditTrail
from storage.tables.deliveries import Deliveries
from storage.tables.feedback import FeedbackLedger
from storage.tables.messages import Messages
from storage.tables.updates import Received, Updates

NOW_MS = SENT_AT * 1000
PORTION = 100
VALUES = ("OFF", "FAST", "ON")
WORD = "swordfish"
LENGTHS = (3, 10, 40, 400)
Units = Iterator[tuple[Statement, ...]]


def _received(number: int, kind: str, user: int, text: str) -> Statement:
    body = json.dumps({"update_id": number, kind: {"from": {"id": user}, "text": text}}).encode()
    session = f"telegram:chat:{user}"
    update = Received(
        update_id=number,
        kind=kind,
        lane=f"{session}/answer",
        session_id=session,
        telegram_message_id=number,
        body=body,
        mark=f"{kind}:{number}",
    )
    return Updates.add(update, now_ms=NOW_MS)


def reactions(first: int) -> Units:
    """Each as the bot stores it: journalled, then finished with its event and its audit."""
    for number in range(first, first + PORTION):
        yield (_received(number, "message_reaction", 7, "👍" * 60),)
        event = FeedbackLedger.append(
            event_id=f"e{number}",
            event_type="reaction_added",
            session_id="telegram:chat:7",
            message_id=f"msg_a_{number}",
            payload={"actor": "7", "updateId": number},
            now_ms=NOW_MS,
        )
        yield Updates.finish(number, number, now_ms=NOW_MS), event, _audit(number, "reaction")


def messages(first: int) -> Units:
    """Each journalled, then finished with its answer queued; sent, and the payload's words dropped."""
    for number in range(first, first + PORTION):
        user, text = 7 + number % 2, " ".join([WORD if number % 2 else "common"] * LENGTHS[number % len(LENGTHS)])
        session, delivery_id, said = f"telegram:chat:{user}", f"d{number}", f"echo: {text}"
        yield (_received(number, "message", user, text),)
        yield (
            Updates.finish(number, number, now_ms=NOW_MS),
            Messages.add_received(
                session_id=session,
                thread_key="root",
                telegram_message_id=number,
                turn_id=f"t{number}",
                user_id=str(user),
                kind="text",
                text=text,
                attachment=None,
                now_ms=NOW_MS,
            ),
            Messages.add_queued(
                session_id=session, thread_key="root", text=said, origin=UNKNOWN, delivery_id=delivery_id, now_ms=NOW_MS
            ),
            Deliveries.add(
                delivery_id=delivery_id,
                session_id=session,
                payload=SendMessage(text=said),
                reply_id=delivery_id,
                head_start=0,
                now_ms=NOW_MS,
            ),
            _audit(number, "message"),
        )
        sent = _delivery(delivery_id, session)
        yield (Deliveries.claim(sent, now_ms=NOW_MS),)
        yield (
            Deliveries.finish(sent, reason=None, now_ms=NOW_MS),
            *Messages.add_receipt(delivery_id, number + 10_000_000, session_id=session),
        )


def _audit(number: int, kind: str) -> Statement:
    return AuditTrail.append(
        turn_id=f"t{number}",
        attempt=1,
        kind=kind,
        session_id="telegram:chat:7",
        user_id="7",
        outcome="recorded",
        reason=None,
        duration_ms=1,
        now_ms=NOW_MS,
    )


def _delivery(delivery_id: str, session: str) -> Delivery:
    return Delivery(
        delivery_id=delivery_id,
        session_id=session,
        stored="",
        payload=SendMessage(text=""),
        status="pending",
        sequence=1,
        reply_id=delivery_id,
        rank=1,
        attempts=0,
        ambiguous=0,
        created_at_ms=NOW_MS,
    )


def _timed(database: Beside, units: Units) -> float:
    made = list(units)
    started = time.process_time()
    for unit in made:
        database.commit(*unit)
    return time.process_time() - started


def measure(value: str, database: Beside, path: Path) -> tuple[int, float, float]:
    """Erase who said the word: how often it stays in the file, and the milliseconds for both steps."""
    started = time.process_time()
    database.commit(*Erasure(database).of("8", now_ms=NOW_MS))
    erased = time.process_time()
    database.empty_log()
    emptied = time.process_time()
    return path.read_bytes().count(WORD.encode()), (erased - started) * 1000, (emptied - erased) * 1000


def main(
    portions: Annotated[int, typer.Option(min=1, help="Of 100 reactions and 100 messages, each value.")] = 20,
) -> None:
    """Print a table, a row a value."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        paths = {value: Path(folder) / f"{value}.db" for value in VALUES}
        databases = {}
        for value, path in paths.items():
            with closing(opening.prepare(path, NOW_MS)[0]):
                databases[value] = stack.enter_context(beside(path))
            databases[value].commit(Statement(f"PRAGMA secure_delete = {value}"))
        spent = {(value, kind): 0.0 for value in VALUES for kind in (reactions, messages)}
        for portion in range(portions):
            for kind, first in ((reactions, 1), (messages, PORTION + 1)):
                for value, database in databases.items():
                    spent[value, kind] += _timed(database, kind(portion * 2 * PORTION + first))
        table = Table("secure_delete", "reactions", "messages", "words left", "erasing, ms", "emptying the log, ms")
        for value, database in databases.items():
            ratios = (f"{spent[value, kind] / spent['OFF', kind]:.2f}" for kind in (reactions, messages))
            left, erasing, emptying = measure(value, database, paths[value])
            table.add_row(value, *ratios, f"{left:,}", f"{erasing:.0f}", f"{emptying:.0f}")
        Console().print(table)


if __name__ == "__main__":
    typer.run(main)
