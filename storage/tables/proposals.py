"""`polar_proposals`: what somebody or something suggested, and its one person has not decided yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from storage.json_text import encode, read_object
from storage.readers import Readers
from storage.statement import Statement

MOST_OPEN = 20
"""The proposals of one person that wait for a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Something that happens only when its person approves it."""

    id: str
    session_id: str
    user_id: str
    kind: str
    payload: Mapping[str, Any]
    status: str = "open"


class Proposals:
    """Each is decided once, by its own person."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def add(proposal: Proposal, *, now_ms: int) -> tuple[Statement, ...]:
        """Keep a proposal until it is decided; of too many that the person has not decided the oldest lapse."""
        kept = Statement(
            "INSERT INTO polar_proposals (proposalId, sessionId, userId, kind, payload, status, createdAtMs) "
            "VALUES (?, ?, ?, ?, ?, 'open', ?)",
            (
                proposal.id,
                proposal.session_id,
                proposal.user_id,
                proposal.kind,
                encode(proposal.payload),
                now_ms,
            ),
        )
        lapsed = Statement(
            "DELETE FROM polar_proposals WHERE proposalId IN ("
            "SELECT proposalId FROM polar_proposals INDEXED BY polar_proposals_open "
            "WHERE userId = ? AND status = 'open' AND proposalId <> ? ORDER BY createdAtMs DESC LIMIT 1000 OFFSET ?)",
            (proposal.user_id, proposal.id, MOST_OPEN - 1),
        )
        return kept, lapsed

    @staticmethod
    def await_no_more(user_id: str, kind: str) -> Statement:
        """Forget what a person was asked for, and has not told yet."""
        return Statement(
            "DELETE FROM polar_proposals WHERE userId = ? AND status = 'open' AND kind = ?", (user_id, kind)
        )

    @staticmethod
    def decide(proposal: Proposal, status: Literal["approved", "declined"], *, now_ms: int) -> Statement:
        """Void when it was decided already."""
        return Statement(
            "UPDATE polar_proposals SET status = ?, decidedAtMs = ? WHERE proposalId = ? AND status = 'open'",
            (status, now_ms, proposal.id),
            expect=1,
        )

    async def find(self, proposal_id: str) -> Proposal | None:
        """The proposal, or None; what another program left there is none."""
        return await self._one("proposalId = ?", (proposal_id,))

    async def awaited(self, user_id: str, session_id: str, kind: str, *, since_ms: int) -> Proposal | None:
        """The newest of a kind that waits for its person there, made since then."""
        return await self._one(
            "userId = ? AND status = 'open' AND createdAtMs >= ? AND sessionId = ? AND kind = ? "
            "ORDER BY createdAtMs DESC LIMIT 1",
            (user_id, since_ms, session_id, kind),
        )

    async def _one(self, which: str, params: tuple[str | int, ...]) -> Proposal | None:
        row = await self._readers.look_up_one(
            f"SELECT proposalId, sessionId, userId, kind, payload, status FROM polar_proposals WHERE {which}", params
        )
        payload = None if row is None else read_object(row[4])
        if row is None or payload is None:
            return None
        return Proposal(id=row[0], session_id=row[1], user_id=row[2], kind=row[3], payload=payload, status=row[5])
