"""One person's rows, in whatever table: found by indexes, and given as JSON, a text a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storage.ids import session_id_of
from storage.indexed import EVENT_ACTOR, field
from storage.readers import Readers

MOST_ROWS = 100_000
"""The most rows of a section that are looked at, so that nobody keeps the readers busy for long."""


def _json(column: str) -> str:
    """A column that holds JSON; as mere text what another program left there that is none."""
    text = f"CAST({column} AS TEXT)"
    return f"CASE WHEN json_valid({text}) THEN json({text}) ELSE {text} END"


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
    "revisions": _Section(
        {
            **_plain("sessionId", "telegramMessageId", "text", table="r."),
            "attachment": _json("r.attachment"),
            "revisedAtMs": "r.revisedAtMs",
        },
        "polar_messages AS m INDEXED BY polar_messages_user CROSS JOIN polar_message_revisions AS r "
        "ON r.sessionId = m.sessionId AND r.telegramMessageId = m.telegramMessageId "
        "WHERE m.userId = :user AND m.role = 'user'",
        "r.sequence",
    ),
    "feedback": _Section(
        {
            **_plain("id", "type", "sessionId", "messageId", "emoji", "polarity"),
            "payload": _json("payload"),
            "createdAtMs": "createdAtMs",
        },
        f"polar_feedback_events INDEXED BY polar_feedback_actor WHERE {EVENT_ACTOR} = :user",
    ),
}
SECTIONS = tuple(_SECTIONS)
# What we said to somebody, and that a command was called, is left by whoever knocks at a closed door too.
_MADE_HERE = (
    *(shape.source for name, shape in _SECTIONS.items() if name not in ("access", "answers", "revisions", "feedback")),
    f"{_SECTIONS['feedback'].source} AND type IN ('reaction_added', 'reaction_removed')",
)
_IS_KNOWN = "SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM {source})" for source in _MADE_HERE)

# The newest rows that have room, oldest first.
_READ = """
SELECT entry FROM (
  SELECT entry, place, sum(length(CAST(entry AS BLOB))) OVER (ORDER BY place DESC ROWS UNBOUNDED PRECEDING) AS size
  FROM (SELECT json_object({fields}) AS entry, {order} AS place FROM {source} ORDER BY place DESC LIMIT :most)
) WHERE size <= :room ORDER BY place
"""


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

    async def read(self, user_id: str, section: str, *, room: int) -> list[str]:
        """The newest rows of a section that fit into so many bytes, oldest first, each a JSON object."""
        shape = _SECTIONS[section]
        fields = ", ".join(f"'{name}', {expression}" for name, expression in shape.fields.items())
        query = _READ.format(fields=fields, order=shape.order, source=shape.source)
        rows = await self._readers.fetch(query, {**_of(user_id), "most": MOST_ROWS, "room": room})
        return [row[0] for row in rows]

    async def has_file_waiting(self, user_id: str) -> bool:
        """True if a file for this person is in the queue, not sent yet."""
        row = await self._readers.fetch_one(
            "SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_open WHERE sessionId = :private "
            f"AND status IN ('pending', 'sending') AND {field('payload', 'method')} = 'sendDocument' "
            f"AND {field('payload', 'parts')} IS NULL LIMIT 1",  # else it is an answer
            {"private": _of(user_id)["private"]},
        )
        return row is not None


def _of(user_id: str) -> dict[str, str]:
    """Who it is, and the session of the chat with them alone, whose id is theirs."""
    return {"user": user_id, "private": session_id_of(int(user_id))}
