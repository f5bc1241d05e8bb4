"""Going on with a copy of the database: nothing that was done since is done again, and nobody who was erased returns.

What was open when the copy was made may have been done by the bot that went on. It is ended, with a reason, and can be
tried again by whoever knows better.
"""

from __future__ import annotations

from collections.abc import Sequence

from storage.beside import Beside
from storage.erasure import Erasure
from storage.ids import RunSource, sql_run_id
from storage.indexed import field
from storage.state import Halted
from storage.statement import Statement
from storage.tables.erasures import Erased
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


def settle(database: Beside, erased: Sequence[Erased], now_ms: int) -> Halted:
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
