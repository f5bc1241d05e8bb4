"""`polar_access` and `polar_pairing_codes`: who may do what, and how one gets there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from storage.readers import OwnReaders
from storage.statement import Statement
from storage.until_written import UntilWritten

OWNER = "owner"
_TABLE = "polar_access"


def digest(code: str) -> str:
    """The part of a code that is stored; case and blanks around it do not count."""
    return hashlib.sha256(code.strip().upper().encode("utf-8", "replace")).hexdigest()


class Permissions:
    """Roles granted in the chat (those in the settings come on top) and codes that wait."""

    def __init__(self, database: OwnReaders) -> None:
        self._database = database
        self._roles: UntilWritten[str, str | None] = UntilWritten(database, _TABLE)

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` after each commit that may have changed somebody's role."""
        self._database.watch(_TABLE, changed)

    async def role_of(self, subject: str) -> str | None:
        """The role of a user id or of a session id, or None."""
        return await self._roles.of(subject, partial(self._read_role, subject))

    def expect_role(self, subject: str) -> None:
        """It will be asked for in a moment."""
        self._roles.expect(subject, partial(self._read_role, subject))

    async def _read_role(self, subject: str) -> str | None:
        row = await self._database.look_up_one("SELECT role FROM polar_access WHERE subject = ?", (subject,))
        return row[0] if row else None

    async def owner(self) -> str | None:
        """The owner's user id, or None as long as nobody is."""
        row = await self._database.look_up_one("SELECT subject FROM polar_access WHERE role = 'owner'")
        return row[0] if row else None

    @staticmethod
    def make_owner(user_id: str, code: str, *, now_ms: int) -> tuple[Statement, ...]:
        """Use the one-time code up and become the owner; void when there is one, or the code is unknown."""
        return (
            Statement(
                "DELETE FROM polar_pairing_codes WHERE codeHash = ? AND purpose = 'owner'",
                (digest(code),),
                expect=1,
            ),
            Statement(
                "INSERT INTO polar_access (subject, role, createdAtMs) SELECT ?, 'owner', ? "
                "WHERE NOT EXISTS (SELECT 1 FROM polar_access WHERE role = 'owner') "
                "ON CONFLICT (subject) DO UPDATE SET role = 'owner'",
                (user_id, now_ms),
                expect=1,
            ),
        )

    async def is_owner_code(self, code: str) -> bool:
        """True if this is the one-time code that `polar run` printed."""
        row = await self._database.look_up_one(
            "SELECT 1 FROM polar_pairing_codes WHERE codeHash = ? AND purpose = 'owner'", (digest(code),)
        )
        return row is not None

    @staticmethod
    def offer_owner_code(code: str, *, now_ms: int) -> tuple[Statement, ...]:
        """Make this the only code that an owner can use."""
        return (
            Statement("DELETE FROM polar_pairing_codes WHERE purpose = 'owner'"),
            Statement(
                "INSERT INTO polar_pairing_codes (codeHash, purpose, createdAtMs) VALUES (?, 'owner', ?)",
                (digest(code), now_ms),
            ),
        )

    @staticmethod
    def offer_member_code(code: str, user_id: str, *, now_ms: int, expires_at_ms: int) -> tuple[Statement, ...]:
        """Give a person a code that the owner can approve; the person's former one ends."""
        return (
            Statement(
                "DELETE FROM polar_pairing_codes WHERE purpose = 'member' AND (userId = ? OR expiresAtMs <= ?)",
                (user_id, now_ms),
            ),
            Statement(
                "INSERT INTO polar_pairing_codes VALUES (?, 'member', ?, ?, ?)",
                (digest(code), user_id, now_ms, expires_at_ms),
            ),
        )

    async def age_of_code(self, user_id: str, *, now_ms: int) -> int | None:
        """The age in ms of a person's code that has not expired yet; None without one."""
        row = await self._database.look_up_one(
            "SELECT createdAtMs FROM polar_pairing_codes WHERE purpose = 'member' AND userId = ? AND expiresAtMs > ?",
            (user_id, now_ms),
        )
        return now_ms - row[0] if row else None

    async def user_of_code(self, code: str, *, now_ms: int) -> str | None:
        """Whose code this is, None when it is unknown or has expired."""
        row = await self._database.look_up_one(
            "SELECT userId FROM polar_pairing_codes WHERE codeHash = ? AND purpose = 'member' AND expiresAtMs > ?",
            (digest(code), now_ms),
        )
        return row[0] if row else None

    @staticmethod
    def approve(code: str, user_id: str, *, granted_by: str, now_ms: int) -> tuple[Statement, ...]:
        """Use a code up and let its holder in; void when this person holds no such code."""
        return (
            Statement(
                "DELETE FROM polar_pairing_codes WHERE codeHash = ? AND purpose = 'member' AND userId = ?",
                (digest(code), user_id),
                expect=1,
            ),
            Permissions.grant(user_id, "member", granted_by=granted_by, now_ms=now_ms),
        )

    @staticmethod
    def let_in(user_id: str, *, granted_by: str, now_ms: int) -> tuple[Statement, ...]:
        """Use up the code that a person holds, whichever it is, and let them in; void when they hold none."""
        return (
            Statement("DELETE FROM polar_pairing_codes WHERE purpose = 'member' AND userId = ?", (user_id,), expect=1),
            Permissions.grant(user_id, "member", granted_by=granted_by, now_ms=now_ms),
        )

    @staticmethod
    def grant(subject: str, role: str, *, granted_by: str, now_ms: int) -> Statement:
        """Give a role to a user or, role `group`, to a session; a higher one is kept."""
        return Statement(
            "INSERT INTO polar_access VALUES (?, ?, ?, ?) ON CONFLICT (subject) DO NOTHING",
            (subject, role, granted_by, now_ms),
        )

    @staticmethod
    def revoke(subject: str) -> Statement:
        """Take a role away; the owner's stays."""
        return Statement("DELETE FROM polar_access WHERE subject = ? AND role <> 'owner'", (subject,))
