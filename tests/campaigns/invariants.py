"""What must hold of a database when all is calm, whatever has happened to the bot before."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from storage.ids import chat_id_of
from tests.campaigns.telegram import Arrived, Json
from tests.looking import MARK

SHOWN = 5
"""Examples that are told of one violation."""
MINUTE_MS = 60_000
CENT_FRACTION = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the world outside knows. `whole_usd` is what ended calls of the model cost, `most_usd` what may be charged.

    `leavers` are the ids of those who had something erased, `erased` words that stood in each of their texts.
    `steady` are jobs of each minute that nobody has changed.
    """

    path: Path
    told: Mapping[int, Json]
    arrivals: list[Arrived]
    leavers: frozenset[int] = frozenset()
    erased: tuple[str, ...] = ()
    steady: tuple[str, ...] = ()
    whole_usd: float = 0
    most_usd: float = 0
    unforeseen: list[str] = field(default_factory=list)


Rule = Callable[[Seen, sqlite3.Connection], Iterator[str]]


def violations(seen: Seen) -> list[str]:
    """A line for each rule that does not hold, with examples."""
    found = []
    with closing(sqlite3.connect(f"file:{seen.path}?mode=ro", uri=True, timeout=10)) as database:
        for name, rule in RULES.items():
            broken = list(rule(seen, database))
            if broken:
                more = f" … and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
                found.append(f"{name}: {'; '.join(broken[:SHOWN])}{more}")
    return found


def _ends_foreseen(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    yield from seen.unforeseen


def _is_sound(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    for (line,) in database.execute("PRAGMA integrity_check"):
        if line != "ok":
            yield line


def _updates_end_once(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    rows = {row[0]: row[1:] for row in database.execute("SELECT updateId, status, reason FROM polar_updates")}
    yield from (f"update {update} is lost" for update in seen.told if update not in rows)
    yield from (f"update {update} was never sent" for update in rows if update not in seen.told)
    yield from (f"update {update} is {status} ({why})" for update, (status, why) in rows.items() if status != "done")
    sql = (
        "SELECT CAST(substr(turnId, 8) AS INTEGER), count(*) FROM polar_audit "
        "WHERE turnId GLOB 'update:*' AND (outcome <> 'failed' OR reason GLOB 'provider*') GROUP BY turnId"
    )
    ended: Counter[int] = Counter()
    for update, count in database.execute(sql):
        ended[update] += count
    for update, body in seen.told.items():
        fewest = 0 if _actor(body) in seen.leavers else 1  # what somebody has erased may be finished unread
        if not fewest <= ended[update] <= 1:
            yield f"update {update} has ended {ended[update]} times"


def _events_once(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    found: dict[int, Counter[tuple[str, str | None]]] = {}
    sql = "SELECT payload ->> '$.updateId', type, emoji FROM polar_feedback_events ORDER BY rowid"
    for update, kind, emoji in database.execute(sql):
        found.setdefault(update, Counter())[kind, emoji] += 1
    for update, body in seen.told.items():
        events, expected = found.pop(update, Counter()), _expected(body)
        if expected is None:
            continue
        if events != expected and not (events == Counter() and _actor(body) in seen.leavers):
            yield f"update {update} has events {dict(events)}, expected {dict(expected)}"
    yield from (f"events of update {update}, which nobody sent" for update in found)


def _expected(body: Json) -> Counter[tuple[str, str | None]] | None:
    """The events of an update; None for a press, whose events depend on those before."""
    if "callback_query" in body:
        return None
    if "message_reaction" in body:
        change = body["message_reaction"]
        old, new = ({reaction["emoji"] for reaction in change[name]} for name in ("old_reaction", "new_reaction"))
        added: list[tuple[str, str | None]] = [("reaction_added", emoji) for emoji in new - old]
        return Counter([*added, *(("reaction_removed", emoji) for emoji in old - new)])
    text = body.get("message", {}).get("text", "")
    return Counter([("command_executed", None)]) if text.startswith("/") else Counter()


def _actor(body: Json) -> int:
    [(_, content)] = [(kind, value) for kind, value in body.items() if kind != "update_id"]
    return int(content.get("from", content.get("user", {"id": 0}))["id"])


def _messages_kept(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    sql = "SELECT sessionId, telegramMessageId, text FROM polar_messages WHERE role = 'user'"
    kept = {(chat_id_of(session), number): text for session, number, text in database.execute(sql)}
    last: dict[tuple[int, int], tuple[int, str]] = {}
    for body in seen.told.values():
        message = body.get("message") or body.get("edited_message")
        if message is not None and message["from"]["id"] not in seen.leavers:
            text = message.get("text") or message.get("caption", "")
            last[message["chat"]["id"], message["message_id"]] = (message["from"]["id"], text)
    for place, (_, text) in last.items():
        if kept.get(place) != text:
            yield f"message {place} says {kept.get(place)!r}, not {text!r}"


def _replies_once(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    for identity, status, reason, ambiguous in database.execute(
        "SELECT deliveryId, status, reason, ambiguous FROM polar_delivery_queue WHERE status <> 'sent'"
    ):
        is_doubted = ambiguous > 0 and str(reason).startswith("unclear twice")
        if status != "failed" or not (is_doubted or reason == "an earlier part failed"):
            yield f"{identity} is {status} ({reason}, unclear {ambiguous} times)"
    rows: Counter[int] = Counter()
    doubts: Counter[int] = Counter()
    # The try by which a send failed may have arrived too.
    for session, unclear in database.execute(
        "SELECT sessionId, ambiguous + (status = 'failed') FROM polar_delivery_queue "
        "WHERE payload ->> '$.method' = 'sendMessage'"
    ):
        rows[chat_id_of(session)] += 1
        doubts[chat_id_of(session)] += unclear
    known = {
        (chat_id_of(session), number)
        for session, number in database.execute(
            "SELECT sessionId, telegramMessageId FROM polar_messages "
            "WHERE role = 'assistant' AND telegramMessageId IS NOT NULL AND kind <> 'document'"
        )
    }
    arrived = {(one.chat, one.message_id) for one in seen.arrivals}
    yield from (
        f"{place} is told as sent, and never arrived" for place in known - arrived if place[0] not in seen.leavers
    )
    stay = [one for one in seen.arrivals if not one.is_deleted and one.chat not in seen.leavers]
    unmarked = Counter(one.chat for one in stay if not one.text.startswith(MARK))
    further = Counter(one.chat for one in stay if not one.is_untold and (one.chat, one.message_id) not in known)
    for chat in {*unmarked, *further}:
        if unmarked[chat] > rows[chat]:
            yield f"{unmarked[chat]} messages arrived unmarked in {chat}, of {rows[chat]} that were queued"
        if further[chat] > doubts[chat]:
            yield f"{further[chat]} messages in {chat} are not known, of {doubts[chat]} sends that were unclear"


def _answered_once(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    # That an answer was cut off says a message of its own beside it.
    sql = (
        "SELECT sessionId, answersMessageId, count(*) FROM polar_messages "
        "WHERE role = 'assistant' AND answersMessageId IS NOT NULL AND origin ->> '$.beside' IS NULL GROUP BY 1, 2"
    )
    answers = {(chat_id_of(session), number): count for session, number, count in database.execute(sql)}
    for body in seen.told.values():
        message = body.get("message", {})
        if message.get("chat", {}).get("type") != "private" or message["from"]["id"] in seen.leavers:
            continue
        if "text" in message and not message["text"].startswith("/"):
            count = answers.get((message["chat"]["id"], message["message_id"]), 0)
            if count != 1:
                yield f"{message['text']!r} has {count} answers"


def _runs_entered_once(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    sql = (
        "SELECT id, metadata ->> '$.scheduledAtMs', group_concat(output ->> '$.status') FROM polar_run_events "
        "WHERE trigger = 'schedule' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    instants: dict[str, dict[int, str]] = {}
    for job, at_ms, statuses in database.execute(sql):
        instants.setdefault(job, {})[at_ms] = statuses
        if "," in statuses:
            yield f"job {job} has several rows for {at_ms}: {statuses}"
    for job in seen.steady:
        # What a clock that was ahead has skipped runs as its neighbour, a millisecond behind.
        known = [at for at in instants.get(job, {}) if instants[job].get(at - 1) != "skipped"]
        holes = [a for a, b in pairwise(known) if b - a != MINUTE_MS]
        yield from (f"job {job} has a hole behind {at_ms}" for at_ms in holes)
    yield from (
        f"run {run} is not in the ledger"
        for (run,) in database.execute(
            "SELECT DISTINCT iif(instr(runId, '#'), substr(runId, 1, instr(runId, '#') - 1), runId) AS base "
            "FROM polar_scheduler_run_log EXCEPT SELECT runId FROM polar_run_events"
        )
    )
    yield from (f"a lease of {run} is left" for (run,) in database.execute("SELECT runId FROM polar_run_leases"))
    yield from (
        f"{event} waits in {queue}"
        for event, queue in database.execute(
            "SELECT eventId, queue FROM polar_scheduler_events WHERE queue NOT IN ('scheduled', 'processed')"
        )
    )


def _figures_agree(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    pairs = {
        "daily messages": ("SELECT total(count) FROM polar_daily_messages", "SELECT count(*) FROM polar_messages"),
        "daily runs": ("SELECT total(count) FROM polar_daily_runs", "SELECT count(*) FROM polar_run_events"),
        "task board": ("SELECT count(*) FROM polar_task_board", "SELECT count(*) FROM polar_run_events"),
        "daily spend": (
            "SELECT round(total(usd), 6) FROM polar_daily_spend WHERE kind = 'user'",
            "SELECT round(total(usd), 6) FROM polar_calls WHERE outcome <> 'open'",
        ),
        "daily feedback": (
            "SELECT total(added + removed) FROM polar_daily_feedback",
            "SELECT count(*) FROM polar_feedback_events WHERE type IN ('reaction_added', 'reaction_removed')",
        ),
    }
    for name, queries in pairs.items():
        [[kept], [counted]] = (database.execute(sql).fetchone() for sql in queries)
        if kept != counted:
            yield f"{name}: {kept:g}, and there are {counted}"


def _erased_is_gone(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    for table in _tables(database):
        for row in database.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                said = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                yield from (f"{word!r} stands in {table}: {said[:120]!r}" for word in seen.erased if word in said)
    for word in seen.erased:
        for (count,) in _terms(database, word):
            yield f"{word!r} is found by the full-text index ({count} times)"
    log = seen.path.with_name(seen.path.name + "-wal")
    if log.exists():
        body = log.read_bytes()
        yield from (f"{word!r} stands in {log.name}" for word in seen.erased if word.encode() in body)


def _tables(database: sqlite3.Connection) -> list[str]:
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    return [name for (name,) in database.execute(sql)]


def _terms(database: sqlite3.Connection, word: str) -> list[tuple[int]]:
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'polar_memory_fts'").fetchone():
        return []
    database.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab('main', 'polar_memory_fts', 'row')")
    return database.execute("SELECT cnt FROM temp.terms WHERE term GLOB ? || '*'", (word,)).fetchall()


def _money_adds_up(seen: Seen, database: sqlite3.Connection) -> Iterator[str]:
    usage = {
        (scope, target): usd
        for scope, target, usd in database.execute("SELECT scope, targetId, accumulatedUsd FROM polar_budget_usage")
    }
    if not usage:
        return
    charged = usage["global", ""]
    if not seen.whole_usd - CENT_FRACTION <= charged <= seen.most_usd + CENT_FRACTION:
        yield f"charged {charged:.6f}, calls cost {seen.whole_usd:.6f} and at most {seen.most_usd:.6f}"
    of_people = sum(usd for (scope, _), usd in usage.items() if scope == "user")
    if abs(charged - of_people) > CENT_FRACTION:
        yield f"charged {charged:.6f} in all, and {of_people:.6f} to people"
    [(left,)] = database.execute("SELECT count(*) FROM polar_calls WHERE outcome = 'open'").fetchall()
    if left:
        yield f"{left} calls are open"


RULES: Mapping[str, Rule] = {
    "the bot ends only when it is made to": _ends_foreseen,
    "the file is sound": _is_sound,
    "each acknowledged update has ended exactly once": _updates_end_once,
    "each event is there once": _events_once,
    "each message is kept as it was last written": _messages_kept,
    "each reply is delivered once, or marked": _replies_once,
    "each message is answered once": _answered_once,
    "each occurrence is in the ledger once": _runs_entered_once,
    "totals agree with what they count": _figures_agree,
    "nothing is left of what was erased": _erased_is_gone,
    "what is charged is what was spent": _money_adds_up,
}
