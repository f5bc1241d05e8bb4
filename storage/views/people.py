"""People and chats that may talk, and people who ask to, as the command line lists them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from storage.ids import SESSION
from storage.indexed import EVENT_ACTOR
from storage.readers import Readers
from storage.statement import Row
from storage.tables.access import digest
from storage.views.listings import NEWEST, PAGE, ListPage, page_of

# The newest of a person's messages, of their reactions and commands, of a chat's messages: a step of an index each.
# An index over an expression is used for what has no affinity: so '' is put behind the column.
_COLUMNS = f"""
{{subject}}, access.role, access.grantedBy, access.createdAtMs, person.timezone,
CASE WHEN {{subject}} NOT LIKE '{SESSION}%' THEN (
  SELECT createdAtMs FROM polar_messages INDEXED BY polar_messages_user
  WHERE userId = {{subject}} ORDER BY sequence DESC LIMIT 1) END,
CASE WHEN {{subject}} NOT LIKE '{SESSION}%' THEN (
  SELECT createdAtMs FROM polar_feedback_events INDEXED BY polar_feedback_actor
  WHERE {EVENT_ACTOR} = {{subject}} || '' ORDER BY rowid DESC LIMIT 1) END,
CASE WHEN {{subject}} LIKE '{SESSION}%' THEN (
  SELECT createdAtMs FROM polar_messages INDEXED BY polar_messages_telegram
  WHERE sessionId = {{subject}} AND telegramMessageId IS NOT NULL ORDER BY telegramMessageId DESC LIMIT 1) END
"""
GRANTED = f"""
SELECT {_COLUMNS.format(subject="access.subject")}, access.rowid
FROM polar_access AS access LEFT JOIN polar_users AS person ON person.userId = access.subject
WHERE access.rowid < :before ORDER BY access.rowid DESC LIMIT {PAGE + 1}
"""
NAMED = f"""
SELECT {_COLUMNS.format(subject="given.value")}, 0
FROM json_each(:subjects) AS given
LEFT JOIN polar_access AS access ON access.subject = given.value
LEFT JOIN polar_users AS person ON person.userId = given.value
ORDER BY CAST(given.key AS INTEGER)
"""
_OWNER = "SELECT subject FROM polar_access WHERE role = 'owner'"
_WHO = """
SELECT userId FROM polar_pairing_codes WHERE purpose = 'member' AND expiresAtMs > :now AND codeHash = :code
UNION ALL
SELECT userId FROM polar_pairing_codes WHERE purpose = 'member' AND expiresAtMs > :now AND userId = :user
"""
WAITING = f"""
SELECT userId, createdAtMs, expiresAtMs, rowid FROM polar_pairing_codes NOT INDEXED
WHERE purpose = 'member' AND expiresAtMs > :now AND rowid < :before ORDER BY rowid DESC LIMIT {PAGE + 1}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A person by user id or a chat by session id: the role that was granted, the zone, and when it was last heard."""

    row: int
    subject: str
    role: str | None
    granted_by: str | None
    granted_at_ms: int | None
    timezone: str | None
    seen_at_ms: int | None

    @classmethod
    def from_row(cls, row: Row) -> Admitted:
        """From a row of GRANTED or NAMED."""
        seen = [ms for ms in (row[5], row[6], row[7]) if ms is not None]
        return cls(
            row=row[8],
            subject=row[0],
            role=row[1],
            granted_by=row[2],
            granted_at_ms=row[3],
            timezone=row[4],
            seen_at_ms=max(seen, default=None),
        )


@dataclass(frozen=True, slots=True)
class Applicant:
    """A person whose code waits; of the code itself only a digest is kept."""

    user_id: str
    since_ms: int
    until_ms: int
    row: int


async def granted(readers: Readers, *, before: int = NEWEST) -> ListPage[Admitted, int]:
    """Whoever was let in or made the owner, the newest grant first."""
    rows = await readers.fetch(GRANTED, {"before": before})
    return page_of([Admitted.from_row(row) for row in rows], lambda last: last.row)


async def named(readers: Readers, subjects: Collection[str]) -> list[Admitted]:
    """These, in this order, whether anything is granted to them or not."""
    rows = await readers.fetch(NAMED, {"subjects": json.dumps(list(subjects))})
    return [Admitted.from_row(row) for row in rows]


async def owner(readers: Readers) -> str | None:
    """The owner's user id, or None as long as nobody is."""
    row = await readers.fetch_one(_OWNER)
    return row[0] if row else None


async def applicants(readers: Readers, *, now_ms: int, before: int = NEWEST) -> ListPage[Applicant, int]:
    """Whose codes wait to be approved, the newest first."""
    rows = await readers.fetch(WAITING, {"now": now_ms, "before": before})
    return page_of([Applicant(*row) for row in rows], lambda last: last.row)


async def find_applicant(readers: Readers, named: str, *, now_ms: int) -> str | None:
    """The user id of whoever holds this code, else of the person of this id if a code of theirs waits."""
    row = await readers.fetch_one(_WHO, {"now": now_ms, "code": digest(named), "user": named})
    return row[0] if row else None
