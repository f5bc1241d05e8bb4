"""`polar_message_parts`: what belongs to messages besides their text, found by message and by author."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import count

from storage.json_text import encode, read_object
from storage.parts import FORWARDED, KINDS, OTHERS, Part
from storage.readers import Readers
from storage.statement import Bulk, Statement, Value

PartsByMessage = Mapping[int, tuple[Part, ...]]
"""By Telegram's ids of the messages, each in the order of KINDS."""

_ADD = Bulk(
    "INSERT INTO polar_message_parts "
    "(sessionId, telegramMessageId, kind, number, authorId, content, createdAtMs) VALUES ",
    "(?, ?, ?, ?, ?, ?, ?)",
    " ON CONFLICT (sessionId, telegramMessageId, kind, number) DO NOTHING",
)
_OF_MESSAGE = "sessionId = :session AND telegramMessageId = :id"
_IS_ERASED = "authorId IN (SELECT userId FROM polar_erasures WHERE sequence >= :sequence)"
_IS_FORWARDED_OF_ERASED = f"""
EXISTS (
  SELECT 1 FROM polar_message_parts AS part WHERE part.sessionId = :session AND part.telegramMessageId = :id
    AND part.kind = '{FORWARDED}' AND part.{_IS_ERASED})
"""
_EMPTY_FORWARDED = f"""
UPDATE polar_messages SET text = '', attachment = NULL
WHERE {_OF_MESSAGE} AND role = 'user' AND {_IS_FORWARDED_OF_ERASED}
"""
# In this order, as the last one drops by what the others go.
_DROP_OF_FORWARDED = f"""
DELETE FROM polar_message_parts WHERE {_OF_MESSAGE} AND kind <> '{FORWARDED}' AND {_IS_FORWARDED_OF_ERASED}
"""
_DROP_ERASED = f"DELETE FROM polar_message_parts WHERE {_OF_MESSAGE} AND {_IS_ERASED}"
_LASTING = ", ".join(f"'{kind}'" for kind in OTHERS)
_DROP_OWN = f"DELETE FROM polar_message_parts WHERE {_OF_MESSAGE} AND kind NOT IN ({_LASTING})"
_COLUMNS = "telegramMessageId, kind, authorId, content"


class MessageParts:
    """Parts by (sessionId, telegramMessageId): each message's own."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def add(
        session_id: str, telegram_message_id: int, parts: Iterable[Part], *, sequence: int, now_ms: int
    ) -> tuple[Statement, ...]:
        """The parts of a message that is stored in the same commit; such as are there already stay as they are.

        Of whom everything was erased up to the update with this sequence, or a later one, nothing is kept.
        """
        numbers = {kind: count() for kind in KINDS}
        given = tuple(parts)
        added = [
            _ADD.of(
                session_id,
                telegram_message_id,
                part.kind,
                next(numbers[part.kind]),
                part.author_id,
                encode(part.content),
                now_ms,
            )
            for part in given
        ]
        if not any(part.author_id for part in given):
            return tuple(added)
        values: Mapping[str, Value] = {"session": session_id, "id": telegram_message_id, "sequence": sequence}
        erased: tuple[str, ...] = (_DROP_ERASED,)
        if any(part.kind == FORWARDED for part in given):
            erased = (_EMPTY_FORWARDED, _DROP_OF_FORWARDED, _DROP_ERASED)
        return (*added, *(Statement(sql, values) for sql in erased))

    @staticmethod
    def replace_own(
        session_id: str, telegram_message_id: int, parts: Iterable[Part], *, sequence: int, now_ms: int
    ) -> tuple[Statement, ...]:
        """In place of those that an edit can change, those that it says; the others stay."""
        own = [part for part in parts if part.kind not in OTHERS]
        values: Mapping[str, Value] = {"session": session_id, "id": telegram_message_id}
        return (
            Statement(_DROP_OWN, values),
            *MessageParts.add(session_id, telegram_message_id, own, sequence=sequence, now_ms=now_ms),
        )

    async def of(self, session_id: str, telegram_message_ids: Collection[int]) -> PartsByMessage:
        """The parts of messages of one session; those without any are left out."""
        if not telegram_message_ids:
            return {}
        asked = ", ".join("?" * len(telegram_message_ids))
        rows = await self._readers.look_up(
            f"SELECT {_COLUMNS} FROM polar_message_parts "
            f"WHERE sessionId = ? AND telegramMessageId IN ({asked}) ORDER BY telegramMessageId, kind, number",
            (session_id, *telegram_message_ids),
        )
        found: dict[int, list[Part]] = {}
        for message_id, kind, author_id, content in rows:
            if kind in KINDS:
                part = Part(kind=kind, author_id=author_id, content=read_object(content) or {})
                found.setdefault(message_id, []).append(part)
        return {message_id: tuple(sorted(parts, key=_rank)) for message_id, parts in found.items()}


def _rank(part: Part) -> int:
    return KINDS.index(part.kind)
