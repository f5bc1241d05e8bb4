"""Whether a bot that lives long stays as it is: its memory, files, tasks, log, and every table that has a term."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MIB_KIB = 1024
MEMORY_FACTOR, MEMORY_KIB = 1.12, 6 * MIB_KIB
FEW_FILES, FEW_TASKS = 4, 8
POOL = 160
"""The connections that the bot may have open at once, by python-telegram-bot's pools."""
OBJECTS_FACTOR, FEW_OBJECTS = 1.2, 10_000
LOG_FACTOR, LOG_BYTES = 1.5, 4 * 2**20
ROWS_FACTOR, FEW_ROWS = 1.3, 100
PER_DAY = 60
"""Rows a day of the tables that count by day: a few for each kind of what is counted."""
TERMS: Mapping[str, str] = {
    "polar_updates": "keep_updates_days",
    "polar_audit": "keep_audit_days",
    "polar_delivery_queue": "keep_deliveries_days",
    "polar_scheduler_run_log": "keep_run_log_days",
    "polar_proposals": "keep_proposals_days",
}
"""Tables whose rows go in the end, and the setting that says when."""
SPARED: Mapping[str, int] = {"polar_updates": 10_000}
"""The newest rows stay, however old they are."""
GROWING = frozenset(
    {
        "polar_messages",
        "polar_message_revisions",
        "polar_feedback_events",
        "polar_chat_feedback",
        "polar_run_events",
        "polar_task_board",
        "polar_memory",
        "polar_calls",
        "polar_daily_spend",
        "polar_answer_totals",
        "polar_run_deliveries",
    }
)
"""What people said, and the ledgers with what is shown of them and their totals by day: kept for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A bot and its files behind so many updates. Memory in KiB; `bytes` are those of the database file.

    `objects` are Python's own, counted behind the warm-up and at the end, else 0: a leak shows in them sooner than in
    memory, that also grows by what SQLite and the allocator keep. `files` are those of the file system, `sockets` what
    it talks through: more, the busier it is.
    """

    updates: int
    rss_kib: int
    files: int
    sockets: int
    tasks: int
    objects: int
    log_bytes: int
    bytes: int
    rows: Mapping[str, int]
    table_bytes: Mapping[str, int] = field(default_factory=dict)


def not_flat(measures: Sequence[Measure], *, warm_up: int, in_force: frozenset[str]) -> list[str]:
    """What has grown since so many updates, a line each. `in_force` are the settings that there are."""
    first = next((n for n, measure in enumerate(measures) if measure.updates >= warm_up), len(measures))
    base, later = measures[: first + 1], measures[first + 1 :]
    if not later:
        return [f"too short: nothing was measured behind {warm_up:,} updates"]
    return [*_process(base[-1], later), *_tables(base, later, in_force)]


def _process(base: Measure, later: Sequence[Measure]) -> Iterator[str]:
    bounds = {
        "rss_kib": base.rss_kib * MEMORY_FACTOR + MEMORY_KIB,
        "files": base.files + FEW_FILES,
        "sockets": POOL,
        "tasks": base.tasks + FEW_TASKS,
        "log_bytes": base.log_bytes * LOG_FACTOR + LOG_BYTES,
    }
    if base.objects:
        bounds["objects"] = base.objects * OBJECTS_FACTOR + FEW_OBJECTS
    for name, bound in bounds.items():
        most = max(getattr(measure, name) for measure in later)
        if most > bound:
            yield f"{name}: {getattr(base, name):,} behind {base.updates:,} updates, then up to {most:,}"


def _tables(base: Sequence[Measure], later: Sequence[Measure], in_force: frozenset[str]) -> Iterator[str]:
    """A table with a term may come to its height first; one without must not grow, unless it is kept for ever."""
    for table in later[-1].rows:
        has_term = TERMS.get(table) in in_force
        if table in GROWING or (table in TERMS and not has_term):
            continue
        counts = [measure.rows.get(table, 0) for measure in later]
        known = max(measure.rows.get(table, 0) for measure in base)
        bound = max(known * ROWS_FACTOR + FEW_ROWS, SPARED.get(table, 0) * ROWS_FACTOR if has_term else 0)
        if table.startswith("polar_daily_"):
            bound = known + PER_DAY * len(later)
        if max(counts) > bound:
            yield f"{table}: {known:,} rows behind {base[-1].updates:,} updates, then up to {max(counts):,}"


def growth(measures: Sequence[Measure]) -> list[str]:
    """What all that is kept for ever costs, in bytes and rows an update, from the first measure to the last."""
    first, last = measures[0], measures[-1]
    updates = max(1, last.updates - first.updates)
    lines = [f"the file: {(last.bytes - first.bytes) / updates:,.0f} bytes an update"]
    for table in sorted(last.rows, key=lambda name: -(last.table_bytes.get(name, 0))):
        rows = last.rows[table] - first.rows.get(table, 0)
        size = last.table_bytes.get(table, 0) - first.table_bytes.get(table, 0)
        if rows > 0:
            lines.append(f"{table}: {rows / updates:.3f} rows, {size / updates:,.0f} bytes with its indexes")
    return lines
