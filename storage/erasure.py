"""Erasing what is one person's. Rows that others point at stay, without what was said in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from storage import memory_index
from storage.ids import session_id_of, sql_next_id, topics_of
from storage.indexed import field
from storage.parts import FORWARDED
from storage.payloads import WITHOUT_WORDS
from storage.readers import Readers
from storage.statement import Statement, UnitRows, Value
from storage.tables.erasures import Erasures
from storage.tables.properties import ERASURES, Properties
from storage.tables.runs import Runs

# The payload of a call that the sender ends without making it: there is no such message to delete.
_NO_CALL = '{"method":"deleteMessage","target":""}'
# The words of deleted entries stay in the index until its parts are merged; this does it, up to some megabytes.
_MERGE = "INSERT INTO polar_memory_fts (polar_memory_fts, rank) VALUES ('merge', -1000)"


def _id(column: str, path: str) -> str:
    """A number of Telegram's in a column of JSON, as ids of users are."""
    return f"CAST({field(column, path)} AS TEXT)"


# Who sent an update stands somewhere inside of it.
_FROM_THEM = f"""(sessionId = :private OR EXISTS (
  SELECT 1 FROM json_each(CASE WHEN json_valid(CAST(body AS TEXT)) THEN CAST(body AS TEXT) ELSE '{{}}' END) AS part
  WHERE part.type = 'object' AND :user IN ({_id("part.value", "from.id")}, {_id("part.value", "user.id")})))"""
_CONTENT = (
    *("text", "caption", "entities", "caption_entities", "photo", "animation", "document", "audio", "voice", "video"),
    *("video_note", "sticker", "story", "poll", "checklist", "contact", "location", "venue", "dice", "game", "invoice"),
    *("quote", "external_reply", "forward_origin"),
)
# Where it stands whose words another's message has in it, each with the words that they are.
_TOLD: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("reply_to_message.from.id", "reply_to_message.forward_origin.sender_user.id"),
        ("quote", *(f"reply_to_message.{words}" for words in _CONTENT)),
    ),
    (("reply_to_message.contact.user_id",), ("reply_to_message.contact",)),
    (("external_reply.origin.sender_user.id", "external_reply.contact.user_id"), ("quote", "external_reply")),
    (("forward_origin.sender_user.id",), _CONTENT),
    (("contact.user_id",), ("contact",)),
)
_MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post")
_BODY = "CAST(body AS TEXT)"


def _without_their_words(changes: str, status: str, whose: tuple[str, ...], words: tuple[str, ...]) -> str:
    """The statement that lets go such words in what others have sent, and is of this status."""
    authors = ", ".join(_id(_BODY, f"{kind}.{path}") for kind in _MESSAGES for path in whose)
    left = _BODY
    for kind in _MESSAGES:  # one at a time, as no function of PostgreSQL's takes more than a hundred values
        paths = ", ".join(f"'$.{kind}.{path}'" for path in words)
        left = f"json_remove({left}, {paths})"
    return (
        f"{changes} SET body = CAST({left} AS BLOB), traceback = NULL WHERE status = '{status}' "
        f"AND CASE WHEN json_valid({_BODY}) THEN {_BODY} <> CAST({left} AS TEXT) AND :user IN ({authors}) END"
    )


_CHANGES_DEAD = "UPDATE polar_updates INDEXED BY polar_updates_dead"
ERASES_QUEUED = "UPDATE polar_delivery_queue INDEXED BY polar_delivery_open SET payload = :no_call"
"""The beginning of what takes the words of queued calls; whoever keeps some reads them again."""
CHANGES_WAITING = "UPDATE polar_updates INDEXED BY polar_updates_pending"
"""The beginning of what changes updates that wait; whoever keeps some reads them again."""
_THEIR_PARTS = (
    "polar_message_parts AS told INDEXED BY polar_message_parts_author CROSS JOIN {table} AS other "
    "WHERE other.sessionId = told.sessionId AND other.telegramMessageId = told.telegramMessageId "
    f"AND told.authorId = :user AND told.authorId <> '' AND told.kind = '{FORWARDED}'"
)
# What others have forwarded of theirs, by the part that says whose it is; then all parts that are theirs.
_TOLD_BY_OTHERS = (
    f"""
DELETE FROM polar_message_revisions
WHERE sequence IN (SELECT other.sequence FROM {_THEIR_PARTS.format(table="polar_message_revisions")})
""",
    f"""
UPDATE polar_messages SET text = '', attachment = NULL
WHERE sequence IN (SELECT other.sequence FROM {_THEIR_PARTS.format(table="polar_messages")} AND other.role = 'user')
  AND (text <> '' OR attachment IS NOT NULL)
""",
    f"""
DELETE FROM polar_message_parts
WHERE sequence IN (SELECT other.sequence FROM {_THEIR_PARTS.format(table="polar_message_parts")})
""",
    "DELETE FROM polar_message_parts WHERE authorId = :user AND authorId <> ''",
    # And those of their own messages.
    """
DELETE FROM polar_message_parts WHERE sequence IN (
  SELECT p.sequence FROM polar_messages AS m INDEXED BY polar_messages_user CROSS JOIN polar_message_parts AS p
  WHERE p.sessionId = m.sessionId AND p.telegramMessageId = m.telegramMessageId
  AND m.userId = :user AND m.role = 'user')
""",
)
_STATEMENTS = (
    *_TOLD_BY_OTHERS,
    # Before the messages, by which they are found.
    """
DELETE FROM polar_message_revisions WHERE sequence IN (
  SELECT r.sequence FROM polar_messages AS m INDEXED BY polar_messages_user CROSS JOIN polar_message_revisions AS r
  WHERE r.sessionId = m.sessionId AND r.telegramMessageId = m.telegramMessageId
  AND m.userId = :user AND m.role = 'user')
""",
    "DELETE FROM polar_message_revisions INDEXED BY polar_message_revisions_message WHERE sessionId = :private",
    """
UPDATE polar_messages INDEXED BY polar_messages_user SET text = '', attachment = NULL
WHERE userId = :user AND role = 'user' AND (text <> '' OR attachment IS NOT NULL)
""",
    """
UPDATE polar_messages INDEXED BY polar_messages_thread SET text = '', attachment = NULL
WHERE sessionId = :private AND (text <> '' OR attachment IS NOT NULL)
""",
    f"""
UPDATE polar_delivery_queue INDEXED BY polar_delivery_session SET payload = {WITHOUT_WORDS}, traceback = NULL
WHERE sessionId = :private AND status IN ('sent', 'failed') AND payload <> {WITHOUT_WORDS}
""",
    # Not deleted: the sender may have one in hand, and must find its row.
    f"""
{ERASES_QUEUED}
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
    # Of a run that was set aside: what was raised then may say what somebody wrote.
    f"""
UPDATE polar_scheduler_events INDEXED BY polar_scheduler_due SET payload = json_remove(payload, '$.traceback')
WHERE queue = 'dead_letter' AND {field("payload", "ownerUserId")} = :user
  AND {field("payload", "traceback")} IS NOT NULL
""",
    # That they took part stays counted, without whose unit it was.
    "DELETE FROM polar_experiment_units WHERE unit = :private OR unit >= :topics AND unit < :beyond",
    "DELETE FROM polar_proposals WHERE userId = :user",
    "DELETE FROM polar_users WHERE userId = :user",
    "DELETE FROM polar_shares WHERE userId = :user",
    "DELETE FROM polar_pairing_codes WHERE purpose = 'member' AND userId = :user",
    # What could not be handled is kept as it came.
    f"""
{_CHANGES_DEAD} SET body = NULL, reason = 'erased', traceback = NULL
WHERE status = 'dead' AND body IS NOT NULL AND {_FROM_THEM}
""",
    # What waits, or is in hand: its turn finds it finished, and is void as a whole. What came later is a new beginning.
    f"""
{CHANGES_WAITING}
SET status = 'done', body = NULL, reason = 'erased', finishedAtMs = :now
WHERE status = 'pending' AND {_FROM_THEM}
  AND sequence < coalesce((SELECT sequence FROM polar_updates WHERE updateId = :asked), 9223372036854775807)
""",
    # What others sent that has words of theirs in it, and is not finished, goes on without those.
    *(
        _without_their_words(changes, status, whose, words)
        for status, changes in (("dead", _CHANGES_DEAD), ("pending", CHANGES_WAITING))
        for whose, words in _TOLD
    ),
)
_CHANGED = re.compile(r"\s*(?:UPDATE|DELETE FROM)\s+(polar_\w+)")
"""The table whose rows a statement changes or removes; the index of words is none that anybody counts."""


class Erasure:
    """The end of what `storage.views.own_data` finds, and of what is kept of the person beside it."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def of(
        self, user_id: str, *, now_ms: int, asked_by: int | None = None, at_ms: int | None = None
    ) -> tuple[Statement, ...]:
        """Erase a person's texts and settings; one statement a table, so that it costs what there is.

        `asked_by` is the update that asks for it: those that arrived before it end unread.
        `at_ms` is when it was done first, where it is repeated on a copy of the database that was put back.
        Left as they are: the ledgers, the audit, budgets and calls, which hold no text, and the person's access.
        """
        chat_id = int(user_id)  # of the chat with them alone
        topics, beyond = topics_of(chat_id)
        ids: dict[str, Value] = {
            "user": user_id,
            "private": session_id_of(chat_id),
            "topics": topics,
            "beyond": beyond,
            "no_call": _NO_CALL,
            "asked": asked_by,
            "now": now_ms,
        }
        texts = (Statement(sql, ids) for sql in _STATEMENTS)
        statements = (
            Properties.count_up(ERASURES),
            Erasures.enter(user_id, asked_by=asked_by, at_ms=now_ms if at_ms is None else at_ms),
            *Runs.erase_of(user_id, now_ms=now_ms),
            *texts,
        )
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
