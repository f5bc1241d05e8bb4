"""One person's rows, in whatever table: found by indexes, and given as JSON, a text a row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from storage.ids import session_id_of, topics_of
from storage.indexed import EVENT_ACTOR, field
from storage.parts import FORWARDED
from storage.readers import Readers

ROOM = 20_000_000
"""Bytes of all rows that are given, about; Telegram takes files of up to 50 MB."""
MOST_ROWS = 100_000
"""The most rows of a section that are looked at, so that nobody keeps the readers busy for long."""


def _json(column: str) -> str:
    """A column that holds JSON; as mere text what another program left there that is none."""
    text = f"CAST({column} AS TEXT)"
    return f"CASE WHEN json_valid({text}) THEN json({text}) ELSE json_quote({text}) END"


@dataclass(frozen=True, slots=True)
class _Section:
    """Rows of one kind: the fields of each, by their expressions, where they are, and what they are ordered by."""

    fields: Mapping[str, str]
    source: str
    order: str = "rowid"


def _plain(*columns: str, table: str = "") -> dict[str, str]:
    return {column: f"{table}{column}" for column in columns}


_MESSAGE = _plain("sessionId", "threadKey", "telegramMessageId", "kind", "text", "createdAtMs", "editedAtMs")
# The smaller ones first: what there is too much of is cut from the end.
_SECTIONS: Mapping[str, _Section] = {
    "access": _Section(_plain("role", "createdAtMs"), "polar_access WHERE subject = :user"),
    "timezone": _Section(_plain("timezone", "updatedAtMs"), "polar_users WHERE userId = :user"),
    "sharing": _Section(_plain("isShared", "updatedAtMs"), "polar_shares WHERE userId = :user"),
    "personality": _Section(
        _plain("scope", "sessionId", "name", "prompt", "createdAtMs", "updatedAtMs"),
        "polar_personality_profiles WHERE userId = :user",
    ),
    "automations": _Section(
        {
            **_plain("id", "sessionId", "schedule", "promptTemplate", "enabled"),
            "quietHours": _json("quietHoursJson"),
            "limits": _json("limitsJson"),
            **_plain("createdAtMs", "updatedAtMs"),
        },
        "polar_automation_jobs WHERE ownerUserId = :user",
    ),
    "proposals": _Section(
        {
            **_plain("proposalId", "sessionId", "kind"),
            "payload": _json("payload"),
            **_plain("status", "createdAtMs", "decidedAtMs"),
        },
        "polar_proposals WHERE userId = :user",
    ),
    # Of the chat with them alone; what a group got is nobody's in particular.
    "experiments": _Section(
        _plain("experiment", "variant", "ratedAs"),
        "polar_experiment_units WHERE (unit = :private OR unit >= :topics AND unit < :beyond)",
        "sequence",
    ),
    "memories": _Section(
        {
            **_plain("memoryId", "sessionId", "scope", "type"),
            "record": _json("record"),
            "metadata": _json("metadata"),
            **_plain("createdAtMs", "updatedAtMs"),
        },
        "polar_memory WHERE userId = :user",
    ),
    "messages": _Section(
        {**_MESSAGE, "attachment": _json("attachment")},
        "polar_messages INDEXED BY polar_messages_user WHERE userId = :user AND role = 'user'",
        "sequence",
    ),
    "answers": _Section(
        {**_MESSAGE, "origin": _json("origin")},
        "polar_messages INDEXED BY polar_messages_thread WHERE sessionId = :private AND role = 'assistant'",
        "sequence",
    ),
    "parts": _Section(
        {
            **_plain("sessionId", "telegramMessageId", "kind", table="p."),
            "content": _json("p.content"),
            "createdAtMs": "p.createdAtMs",
        },
        "polar_messages AS m INDEXED BY polar_messages_user CROSS JOIN polar_message_parts AS p "
        "WHERE p.sessionId = m.sessionId AND p.telegramMessageId = m.telegramMessageId "
        "AND m.userId = :user AND m.role = 'user'",
        "p.sequence",
    ),
    # Where somebody else has told it is theirs to know.
    "told": _Section(
        {
            "kind": "p.kind",
            "content": _json("p.content"),
            "text": f"CASE p.kind WHEN '{FORWARDED}' THEN m.text END",
            "createdAtMs": "p.createdAtMs",
        },
        "polar_message_parts AS p INDEXED BY polar_message_parts_author LEFT JOIN polar_messages AS m "
        "ON m.sessionId = p.sessionId AND m.telegramMessageId = p.telegramMessageId "
        "WHERE p.authorId = :user AND p.authorId <> ''",
        "p.sequence",
    ),
    "revisions": _Section(
        {
            **_plain("sessionId", "telegramMessageId", "text", table="r."),
            "attachment": _json("r.attachment"),
            "revisedAtMs": "r.revisedAtMs",
        },
        "polar_messages AS m INDEXED BY polar_messages_user CROSS JOIN polar_message_revisions AS r "
        "WHERE r.sessionId = m.sessionId AND r.telegramMessageId = m.telegramMessageId "
        "AND m.userId = :user AND m.role = 'user'",
        "r.sequence",
    ),
    "formerAnswers": _Section(
        {
            **_plain("sessionId", "telegramMessageId", "text"),
            "attachment": _json("attachment"),
            "revisedAtMs": "revisedAtMs",
        },
        "polar_message_revisions INDEXED BY polar_message_revisions_message "
        "WHERE sessionId = :private AND deliveryId IS NOT NULL",
        "sequence",
    ),
    "feedback": _Section(
        {
            **_plain("id", "type", "sessionId", "messageId", "emoji", "polarity"),
            "payload": _json("payload"),
            "createdAtMs": "createdAtMs",
        },
        f"polar_feedback_events INDEXED BY polar_feedback_actor WHERE {EVENT_ACTOR} = :user",
    ),
    # What was asked of a model for them, and what it cost whoever pays for it.
    "calls": _Section(
        _plain("sessionId", "model", "inputTokens", "outputTokens", "usd", "latencyMs", "outcome", "createdAtMs"),
        "polar_calls INDEXED BY polar_calls_user WHERE userId = :user",
    ),
}
SECTIONS = tuple(_SECTIONS)
_NOT_MADE = ("access", "answers", "experiments", "parts", "revisions", "formerAnswers", "feedback", "calls")
# What we said to somebody, and that a command was called, is left by whoever knocks at a closed door too.
_MADE_HERE = (
    *(shape.source for name, shape in _SECTIONS.items() if name not in _NOT_MADE),
    f"{_SECTIONS['feedback'].source} AND type IN ('reaction_added', 'reaction_removed')",
)
_IS_KNOWN = "SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM {source})" for source in _MADE_HERE)

# How many of the newest rows have room, their bytes, and the place of the oldest of these.
_FIT = """
SELECT count(*), sum(size), min(place) FROM (
  SELECT place, size, sum(size) OVER (ORDER BY place DESC ROWS UNBOUNDED PRECEDING) AS in_all
  FROM (
    SELECT {order} AS place, length(CAST(json_object({fields}) AS BLOB)) AS size
    FROM {source} ORDER BY place DESC LIMIT :most
  ) AS found
) AS found WHERE in_all <= :room
"""
_PAGE = """
SELECT {order} AS place, json_object({fields}) AS entry FROM {source} AND {order} >= :start ORDER BY place LIMIT :page
"""
A_PAGE = 1_000
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Of the rows of a section, how many there are and how many have room, in how many bytes, from which place on."""

    there: int
    given: int
    size: int = 0
    start: int = 0

    @property
    def left_out(self) -> int:
        """Those that have no room."""
        return self.there - self.given


class OwnData:
    """Rows of one person: what they wrote and set anywhere, and our answers in the chat with them alone."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def is_known(self, user_id: str) -> bool:
        """True if there is anything here that this person wrote, set or reacted with, in whatever chat."""
        row = await self._readers.fetch_one(_IS_KNOWN, _of(user_id))
        return row is not None and bool(row[0])

    async def count(self, user_id: str, section: str) -> int:
        """The number of rows of a section."""
        row = await self._readers.fetch_one(f"SELECT count(*) FROM {_SECTIONS[section].source}", _of(user_id))
        return int(row[0]) if row else 0

    async def fit(self, user_id: str) -> dict[str, Fit]:
        """How much of each section has room, one section after another, the newest rows first."""
        sections, room = {}, ROOM
        for section in SECTIONS:
            there = await self.count(user_id, section)
            sections[section] = await self._fit(user_id, section, there, room) if there else Fit(0, 0)
            room -= sections[section].size
        return sections

    async def _fit(self, user_id: str, section: str, there: int, room: int) -> Fit:
        query = _of_section(_FIT, section)
        row = await self._readers.fetch_one(query, {**_of(user_id), "most": MOST_ROWS, "room": room})
        return Fit(there, row[0], row[1], row[2]) if row is not None and row[0] else Fit(there, 0)

    async def pages(self, user_id: str, section: str, *, start: int) -> AsyncIterator[list[str]]:
        """The rows of a section from a place on, oldest first, each a JSON object, some at a time."""
        query = _of_section(_PAGE, section)
        while rows := await self._readers.fetch(query, {**_of(user_id), "start": start, "page": A_PAGE}):
            yield [row["entry"] for row in rows]
            start = rows[-1]["place"] + 1

    async def has_file_waiting(self, user_id: str) -> bool:
        """True if a file for this person is in the queue, not sent yet."""
        row = await self._readers.fetch_one(
            "SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_open WHERE sessionId = :private "
            f"AND status IN ('pending', 'sending') AND {field('payload', 'method')} = 'sendDocument' "
            f"AND {field('payload', 'parts')} IS NULL LIMIT 1",  # else it is an answer
            {"private": _of(user_id)["private"]},
        )
        return row is not None


def _of_section(query: str, section: str) -> str:
    shape = _SECTIONS[section]
    fields = ", ".join(f"'{name}', {expression}" for name, expression in shape.fields.items())
    return query.format(fields=fields, order=shape.order, source=shape.source)


def _of(user_id: str) -> dict[str, str]:
    """Who it is, and the session of the chat with them alone, whose id is theirs."""
    topics, beyond = topics_of(int(user_id))
    return {"user": user_id, "private": session_id_of(int(user_id)), "topics": topics, "beyond": beyond}
