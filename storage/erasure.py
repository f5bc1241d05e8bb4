"""Erasing what is one person's. Rows that others point at stay, without what was said in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from storage import memory_index
from storage.ids import session_id_of, sql_next_id
from storage.indexed import field
from storage.payloads import WITHOUT_WORDS
from storage.readers import Readers
from storage.statement import Statement, UnitRows, Value
from storage.tables.properties import ERASURES, Properties
from storage.tables.runs import Runs

# The payload of a call that the sender ends without making it: there is no such message to delete.
_NO_CALL = '{"method":"deleteMessage","target":""}'
# The words of deleted entries stay in the index until its parts are merged; this does it, up to some megabytes.
_MERGE = "INSERT INTO polar_memory_fts (polar_memory_fts, rank) VALUES ('merge', -1000)"
# Who sent an update stands somewhere inside of it.
_FROM_THEM = f"""(sessionId = :private OR EXISTS (
  SELECT 1 FROM json_each(CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(body AS TEXT) ELSE '{{}}' END) AS part
  WHERE part.type = 'object' AND :id IN ({field("part.value", "from.id")}, {field("part.value", "user.id")})))"""
_QUOTED = ("text", "caption", "poll", "checklist", "contact", "location", "venue")
_THEIR_WORDS = ", ".join(
    f"'$.{kind}.{part}'"
    for kind in ("message", "edited_message")
    for part in ("quote", *(f"reply_to_message.{words}" for words in _QUOTED))
)
_BODY = "CAST(body AS TEXT)"
_REPLIES_TO_THEM = f"""
CASE WHEN json_valid({_BODY}) THEN {_BODY} <> json_remove({_BODY}, {_THEIR_WORDS}) AND :id IN (
  {field(_BODY, "message.reply_to_message.from.id")}, {field(_BODY, "edited_message.reply_to_message.from.id")}) END
"""
_CHANGES_DEAD = "UPDATE polar_updates INDEXED BY polar_updates_dead"
CHANGES_WAITING = "UPDATE polar_updates INDEXED BY polar_updates_pending"
"""The beginning of what changes updates that wait; whoever keeps some reads them again."""
_STATEMENTS = (
    # Before the messages, by which they are found.
    """
DELETE FROM polar_message_revisions WHERE sequence IN (
  SELECT r.sequence FROM polar_messages AS m INDEXED BY polar_messages_user CROSS JOIN polar_message_revisions AS r
  ON r.sessionId = m.sessionId AND r.telegramMessageId = m.telegramMessageId
  WHERE m.userId = :user AND m.role = 'user')
""",
    """
UPDATE polar_messages INDEXED BY polar_messages_user SET text = '', attachment = NULL
WHERE userId = :user AND role = 'user' AND (text <> '' OR attachment IS NOT NULL)
""",
    """
UPDATE polar_messages INDEXED BY polar_messages_thread SET text = '', attachment = NULL
WHERE sessionId = :private AND (text <> '' OR attachment IS NOT NULL)
""",
    f"""
UPDATE polar_delivery_queue INDEXED BY polar_delivery_session SET payload = {WITHOUT_WORDS}
WHERE sessionId = :private AND status IN ('sent', 'failed') AND payload <> {WITHOUT_WORDS}
""",
    # Not deleted: the sender may have one in hand, and must find its row.
    f"""
UPDATE polar_delivery_queue INDEXED BY polar_delivery_open
SET payload = :no_call
WHERE sessionId = :private AND status IN ('pending', 'sending') AND payload <> :no_call
  AND coalesce({field("payload", "method")}, '') <> 'answerCallbackQuery'
""",
    "DELETE FROM polar_memory WHERE userId = :user",
    "DELETE FROM polar_personality_profiles WHERE userId = :user",
    f"""
DELETE FROM polar_scheduler_events WHERE queue = 'scheduled' AND eventId IN (
  SELECT {sql_next_id("automation", "id")} FROM polar_automation_jobs WHERE ownerUserId = :user)
""",
    "DELETE FROM polar_automation_jobs WHERE ownerUserId = :user",
    "DELETE FROM polar_proposals WHERE userId = :user",
    "DELETE FROM polar_users WHERE userId = :user",
    "DELETE FROM polar_pairing_codes WHERE purpose = 'member' AND userId = :user",
    # What could not be handled is kept as it came.
    f"""
{_CHANGES_DEAD} SET body = NULL, reason = 'erased'
WHERE status = 'dead' AND body IS NOT NULL AND {_FROM_THEM}
""",
    # What waits, or is in hand: its turn finds it finished, and is void as a whole. What came later is a new beginning.
    f"""
{CHANGES_WAITING}
SET status = 'done', body = NULL, reason = 'erased', finishedAtMs = :now
WHERE status = 'pending' AND {_FROM_THEM}
  AND sequence < coalesce((SELECT sequence FROM polar_updates WHERE updateId = :asked), 9223372036854775807)
""",
    # What others replied to them, and is not finished, goes on without what they had said.
    *(
        f"{changes} SET body = CAST(json_remove({_BODY}, {_THEIR_WORDS}) AS BLOB) "
        f"WHERE status = '{status}' AND {_REPLIES_TO_THEM}"
        for status, changes in (("dead", _CHANGES_DEAD), ("pending", CHANGES_WAITING))
    ),
)
_CHANGED = re.compile(r"\s*(?:UPDATE|DELETE FROM)\s+(polar_\w+)")
"""The table whose rows a statement changes or removes; the index of words is none that anybody counts."""


class Erasure:
    """The end of what `storage.views.own_data` finds, and of what is kept of the person beside it."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def of(self, user_id: str, *, now_ms: int, asked_by: int | None = None) -> tuple[Statement, ...]:
        """Erase a person's texts and settings; one statement a table, so that it costs what there is.

        `asked_by` is the update that asks for it: those that arrived before it end unread.
        Left as they are: the ledgers, the audit and budgets, which hold no text, and the person's access.
        """
        chat_id = int(user_id)  # of the chat with them alone
        ids: dict[str, Value] = {
            "user": user_id,
            "id": chat_id,
            "private": session_id_of(chat_id),
            "no_call": _NO_CALL,
            "asked": asked_by,
            "now": now_ms,
        }
        texts = (Statement(sql, ids) for sql in _STATEMENTS)
        statements = (Properties.count_up(ERASURES), *Runs.erase_of(user_id, now_ms=now_ms), *texts)
        if not self._readers.has_memory_index:
            return statements
        own = f"keys : {memory_index.user_key(user_id)}"
        forgotten = Statement("DELETE FROM polar_memory_fts WHERE polar_memory_fts MATCH ?", (own,))
        return (*statements, forgotten, Statement(_MERGE))

    @staticmethod
    def counted(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """The same, giving back a row for each that they change."""
        return tuple(
            statement._replace(sql=f"{statement.sql} RETURNING 1") if _table_of(statement) else statement
            for statement in statements
        )

    @staticmethod
    def rows_by_table(statements: tuple[Statement, ...], answer: UnitRows) -> Mapping[str, int]:
        """The number of rows of each table that lose what they say, or go, by the answer to `counted` statements."""
        counts: Counter[str] = Counter()
        for statement, rows in zip(statements, answer, strict=True):
            if table := _table_of(statement):
                counts[table] += len(rows)
        return dict(sorted(counts.items()))


def _table_of(statement: Statement) -> str | None:
    changed = _CHANGED.match(statement.sql)
    return changed[1] if changed and changed[1] != "polar_memory_fts" else None
