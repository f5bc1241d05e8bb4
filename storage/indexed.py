"""Expressions that indexes are made of: SQLite uses such an index only where a query has the same text.

tests/storage/sqlite/test_query_plans.py holds each to its migration. The tables may hold rows of other programs, so
what is no JSON gives NULL.
"""

from __future__ import annotations

from storage.ids import sql_told_in


def field(column: str, path: str) -> str:
    """A field of a column that holds JSON."""
    return f"CASE WHEN json_valid({column}) THEN json_extract({column}, '$.{path}') END"


def own_field(column: str, path: str) -> str:
    """The same of a column of ours, of which an index takes no row that is no JSON: `polar_messages_automation`."""
    return f"json_extract({column}, '$.{path}')"


def item(row: str, place: int) -> str:
    """A value of a row of a parameter of ours, which is a list of lists."""
    return f"json_extract({row}, '$[{place}]')"


EVENT_ACTOR = field("payload", "actor")
"""Who gave a reaction; `polar_feedback_actor` and `polar_feedback_message`."""
EVENT_AUTOMATION = field("payload", "producedBy.automationId")
"""The automation that produced what was reacted to."""
RUN_STATUS = field("output", "status")
"""The end of a run; `polar_run_failed`."""
MESSAGE_AUTOMATION = own_field("origin", "automationId")
"""The automation that said a message of ours; `polar_messages_automation`."""
MESSAGE_TOLD_IN = sql_told_in("threadKey", "sessionId")
"""The thread in which a message is remembered; `polar_messages_thread`."""
RUN_REASON = field("output", "reason")
"""Why it ended so."""
JOB_COUNTS = f"(enabled = 1 OR coalesce(CAST({field('limitsJson', 'over')} AS INTEGER), 0) <> 1)"
"""True of a job that is not over; `polar_automation_counted`."""
RUN_OWNER = field("payload", "run.ownerUserId")
"""Whose run a row of the scheduler is; `polar_scheduler_owner`."""
