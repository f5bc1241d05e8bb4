"""Going on with a copy of the database: nothing that was done since is done again, and nobody who was erased returns.

What was open when the copy was made may have been done by the bot that went on. It is ended, with a reason, and can be
tried again by whoever knows better.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage import migrations
from storage.beside import Beside
from storage.erasure import Erasure
from storage.errors import CopyUnusable, DatabaseLost, DatabaseUnusable
from storage.ids import RunSource, sql_run_id
from storage.indexed import field
from storage.migrations import Migration
from storage.sqlite import connections, opening, own_files, replacing, soundness
from storage.sqlite.backup import pour, reading_alone
from storage.sqlite.beside import beside
from storage.sqlite.codes import is_damage
from storage.sqlite.lock import exclusive
from storage.state import Halted, Restored
from storage.statement import Statement
from storage.steps import OnStep
from storage.tables.erasures import Erased, read_of
from storage.tables.properties import ENDED_START, START, Properties
from storage.tables.run_deliveries import RunDeliveries
from storage.tables.runs import Runs, sql_runs

REASON = "restored"
"""Why it was ended."""
# A retry of one goes out marked, as it may have arrived.
_END_DELIVERIES = f"""
UPDATE polar_delivery_queue INDEXED BY polar_delivery_open
SET status = 'failed', reason = '{REASON}', ambiguous = max(ambiguous, 1), updatedAtMs = :now
WHERE status IN ('pending', 'sending') RETURNING 1
"""
_TASKS = """
SELECT DISTINCT taskId FROM polar_delivery_queue INDEXED BY polar_delivery_open
WHERE status IN ('pending', 'sending') AND taskId IS NOT NULL
"""
_END_UPDATES = f"""
UPDATE polar_updates INDEXED BY polar_updates_pending SET status = 'dead', reason = '{REASON}', finishedAtMs = :now
WHERE status = 'pending' RETURNING 1
"""
# The earlier runtime has rows of its own in `retry`; what is due later has not been run by anybody.
_SOURCE, _ID, _AT = (field("payload", name) for name in ("source", "id", "atMs"))
_TYPES = "CASE WHEN json_valid(payload) THEN json_type(payload, '$.id') || ' ' || json_type(payload, '$.atMs') END"
_IS_OURS = f"{_SOURCE} IN ('automation', 'heartbeat') AND {_TYPES} = 'text integer'"
_DUE = f"sequence <= :until AND {_IS_OURS}"
_DUE_RUNS = sql_runs("polar_scheduler_due", f"queue = 'retry' AND {_DUE}")


def _planned(source: RunSource, table: str, key: str) -> str:
    """As SQL: what a subject's row in `scheduled` would have run."""
    trigger, at = field("payload", "trigger"), field("payload", "atMs")
    by_hand, by_schedule = (sql_run_id(source, "id", "atMs", is_manual=is_manual) for is_manual in (True, False))
    return f"""
SELECT '{source}' AS source, id, CASE WHEN trigger = 'manual' THEN {by_hand} ELSE {by_schedule} END AS runId, trigger,
  atMs, (SELECT sessionId FROM {table} WHERE {key} = found.id) AS sessionId
FROM (
  SELECT {_ID} AS id, coalesce({trigger}, 'schedule') AS trigger, {at} AS atMs
  FROM polar_scheduler_events INDEXED BY polar_scheduler_due
  WHERE queue = 'scheduled' AND {_DUE} AND {_SOURCE} = '{source}') AS found
"""


_DUE_NEXT = (
    f"{_planned('automation', 'polar_automation_jobs', 'id')} UNION ALL "
    f"{_planned('heartbeat', 'polar_heartbeat_policies', 'policyId')}"
)
# What has no next occurrence is planned from then on by the start of the bot, as what other programs made is.
_UNPLAN = f"""
DELETE FROM polar_scheduler_events INDEXED BY polar_scheduler_due
WHERE queue IN ('scheduled', 'retry') AND {_DUE} RETURNING 1
"""
_BOT = "SELECT value FROM polar_properties WHERE name = 'bot_id'"
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
_WHO_WAS_ERASED = (
    "who was erased since the copy was made is not known, as {reason}; give the list that `polar erase --list --json` "
    "made with --erasures FILE, or say --no-erasures where nobody was"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What must be known of a file of whatever version; `erased` is None where it does not tell."""

    bot_id: str | None
    erased: list[Erased] | None
    page_size: int

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> _Facts:
        has_properties = connection.execute(_HAS_TABLE, ("polar_properties",)).fetchone()
        row = connection.execute(_BOT).fetchone() if has_properties else None
        return cls(
            bot_id=row[0] if row else None,
            erased=read_of(connection),
            page_size=connection.execute("PRAGMA page_size").fetchone()[0],
        )


def restore(path: Path, copy: Path, erased: Sequence[Erased] | None, progress: OnStep, *, now_ms: int) -> Restored:
    """Put a copy in the place of the database, which need not be there, nor be whole; nothing may run on it.

    What was erased since is erased again, by the database that is replaced, or by `erased`, which says it where that
    cannot. Until this returns the database is as it was. Raises DatabaseUnusable and CopyUnusable.
    """
    if copy.exists() and path.exists() and copy.samefile(path):
        raise CopyUnusable(f"{copy} is the database itself; polar db adopt is for what was put in its place")
    if copy.resolve() == own_files.beside(path, own_files.STAGED):
        raise CopyUnusable(f"{copy} has the name of what is about to be restored; give it another one")
    if path.is_dir():
        raise DatabaseUnusable(f"{path} is a folder; POLAR_DATABASE must name a file")
    with exclusive(path), replacing.staging(path) as staged:
        former, reason = _former(path)
        list_of_all = _all_erased(former, erased, reason)
        with _checked(copy) as (source, facts):
            _check_bot(copy, facts, former)
            pour(source, staged, progress, lambda: None)
        if former is not None:
            replacing.fit(staged, former.page_size)
        applied, ended = _go_on_from(staged, facts, list_of_all, now_ms)
        aside = replacing.put(staged, path, progress, is_whole=former is not None)
        return Restored(applied=applied, ended=ended, aside=aside)


def adopt(path: Path, erased: Sequence[Erased], *, now_ms: int) -> Restored:
    """The same for a copy that somebody else has put in the place of the database."""
    with exclusive(path):
        with _checked(path) as (_, facts):
            pass
        opening.tighten(path)
        applied, ended = _go_on_from(path, facts, erased, now_ms)
        return Restored(applied=applied, ended=ended)


def _go_on_from(path: Path, facts: _Facts, erased: Sequence[Erased], now_ms: int) -> tuple[list[Migration], Halted]:
    """Bring a copy up to date, and end what was open in it."""
    again = since(facts.erased or [], erased)
    try:
        connection, applied = opening.prepare(path, now_ms)
        connection.close()
        with beside(path) as database:
            return applied, settle(database, again, now_ms=now_ms)
    except DatabaseLost as error:
        raise DatabaseUnusable(f"{path} cannot be written: {error.__cause__}") from error


def _former(path: Path) -> tuple[_Facts | None, str]:
    """What is known of the database that is to be replaced, and why nothing is."""
    if not path.exists():
        return None, f"{path} does not exist"
    try:
        with closing(connections.connect_reader(path)) as connection:
            facts = _Facts.of(connection)
            reason = f"{path} did not keep that"
            if facts.erased and connection.execute("PRAGMA integrity_check(polar_erasures)").fetchone()[0] != "ok":
                return None, f"{path} is damaged (in its list of erasures)"
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return None, f"{path} is damaged ({error})"
    return facts, reason


def _all_erased(former: _Facts | None, erased: Sequence[Erased] | None, reason: str) -> list[Erased]:
    known = former.erased if former is not None else None
    if known is None and erased is None:
        raise DatabaseUnusable(_WHO_WAS_ERASED.format(reason=reason))
    return [*(known or ()), *(erased or ())]


@contextmanager
def _checked(copy: Path) -> Iterator[tuple[sqlite3.Connection, _Facts]]:
    """A copy that is one, and whole; raises CopyUnusable."""
    if not copy.is_file():
        raise CopyUnusable(f"{copy} is no file")
    with reading_alone(copy) as source:
        try:
            source.execute("BEGIN")
            _check(copy, source)
            facts = _Facts.of(source)
        except sqlite3.DatabaseError as error:
            raise CopyUnusable(f"{copy} cannot be read as a SQLite database: {error}") from error
        yield source, facts


def _check(copy: Path, source: sqlite3.Connection) -> None:
    version = migrations.version(source)
    if version > migrations.newest():
        raise CopyUnusable(f"{copy} has schema version {version}, newer than this code; update Polar first")
    if version == 0 and not source.execute(_HAS_TABLE, ("polar_memory",)).fetchone():
        raise CopyUnusable(f"{copy} is no database of Polar's")
    if found := soundness.problems(source):
        raise CopyUnusable(f"{copy} is damaged ({found[0]}); use an older copy")


def _check_bot(copy: Path, facts: _Facts, former: _Facts | None) -> None:
    own = None if former is None else former.bot_id
    if own is not None and facts.bot_id not in (None, own):
        raise CopyUnusable(f"{copy} belongs to the bot with id {facts.bot_id}, the database to bot {own}")


def settle(database: Beside, erased: Sequence[Erased], *, now_ms: int) -> Halted:
    """End what is open, and repeat these erasures, in one commit; again, it finds nothing to do."""
    tasks = [row[0] for row in database.ask(database.fetch(_TASKS))]
    ends = (
        Statement(_END_DELIVERIES, {"now": now_ms}),
        Statement(_END_UPDATES, {"now": now_ms}),
        *Runs.skip(f"{_DUE_RUNS} UNION ALL {_DUE_NEXT}", {"until": now_ms}, reason=REASON, now_ms=now_ms),
        Statement(_UNPLAN, {"until": now_ms}),
    )
    # The bot that ran when the copy was made has been stopped: nobody shall miss it.
    ended = Properties.copy(ENDED_START, START)
    heard = (RunDeliveries.enter(task, reason=REASON, now_ms=now_ms) for task in tasks)
    erasure = Erasure(database)
    again = (part for each in erased for part in erasure.of(each.user_id, now_ms=now_ms, at_ms=each.at_ms))
    answers = database.commit(*ends, ended, *heard, *again)
    deliveries, updates, *_, runs = (len(rows) for rows in answers[: len(ends)])
    return Halted(deliveries=deliveries, updates=updates, runs=runs, erased=len(erased))


def since(copy: Sequence[Erased], erased: Sequence[Erased]) -> list[Erased]:
    """Of these erasures those that a copy does not know of; of a person the last one."""
    known: Mapping[str, int] = {each.user_id: each.at_ms for each in copy}
    last = {each.user_id: each for each in sorted(erased)}
    return [each for each in last.values() if known.get(each.user_id, -1) < each.at_ms]
