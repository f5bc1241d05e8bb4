"""`polar_personality_profiles`: how people want the bot to speak, to everybody, to a user, to a user in a session."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from storage import ids
from storage.errors import StorageError
from storage.readers import Readers
from storage.statement import Row, Statement
from storage.until_written import UntilWritten

MAX_PROMPT = 2_000
MOST = 1_000
"""People in a chat whose profile is remembered, with its prompt."""
_TABLE = "polar_personality_profiles"
ProfileScope = Literal["global", "user", "session"]

# A row that another program gave another id is the same profile: it gets ours, and keeps its name and its age. Of
# several the one that was made last.
_MAKE_ROOM = """
DELETE FROM polar_personality_profiles WHERE (profileId = :id OR {same}) AND rowid <> (
  SELECT max(rowid) FROM polar_personality_profiles WHERE {same} AND profileId <> :id)
"""
_ADOPT = "UPDATE polar_personality_profiles SET profileId = :id WHERE {same} AND profileId <> :id"
_SET = """
INSERT INTO polar_personality_profiles VALUES (:id, :scope, :user, :session, NULL, :prompt, :now, :now)
ON CONFLICT (profileId) DO UPDATE SET
  scope = excluded.scope, userId = excluded.userId, sessionId = excluded.sessionId,
  prompt = excluded.prompt, updatedAtMs = excluded.updatedAtMs
"""
_EFFECTIVE = f"""
SELECT profileId, scope, substr(prompt, 1, {MAX_PROMPT}) FROM polar_personality_profiles
WHERE (scope = 'session' AND userId = :user AND sessionId = :session)
  OR (scope = 'user' AND userId = :user AND sessionId IS NULL)
  OR (scope = 'global' AND userId IS NULL AND sessionId IS NULL)
ORDER BY CASE scope WHEN 'session' THEN 0 WHEN 'user' THEN 1 ELSE 2 END, updatedAtMs DESC, profileId
"""
_ALL = f"""
SELECT profileId, scope, substr(prompt, 1, {MAX_PROMPT}) FROM polar_personality_profiles
ORDER BY CASE scope WHEN 'global' THEN 0 WHEN 'user' THEN 1 ELSE 2 END, profileId
"""


class PromptRefused(StorageError):
    """A prompt is empty, too long, or holds a NUL; the message says what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTarget:
    """Whose profile it is: everybody's, a user's, or a user's in one session."""

    scope: ProfileScope
    user_id: str | None = None
    session_id: str | None = None

    @property
    def profile_id(self) -> str:
        """The key by which there is at most one."""
        return ids.profile_id(self.scope, self.user_id, self.session_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile that counts."""

    profile_id: str
    scope: ProfileScope
    prompt: str

    @classmethod
    def from_row(cls, row: Row) -> Profile:
        """From a row of the effective ones."""
        return cls(profile_id=row[0], scope=row[1], prompt=str(row[2]).rstrip())


def checked(prompt: str) -> str:
    """The prompt as it is stored, without white space at its end; raises PromptRefused."""
    prompt = prompt.rstrip()
    if not prompt:
        raise PromptRefused(f"expected a text of 1 to {MAX_PROMPT} characters, found none")
    if "\x00" in prompt:
        raise PromptRefused("expected a text without NUL characters")
    if len(prompt) > MAX_PROMPT:
        raise PromptRefused(f"expected at most {MAX_PROMPT} characters, found {len(prompt)}")
    return prompt


class Personalities:
    """Profiles by target."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._effective: UntilWritten[tuple[str, str], Profile | None] = UntilWritten(readers, _TABLE, most=MOST)

    @staticmethod
    def set(target: ProfileTarget, prompt: str, *, now_ms: int) -> tuple[Statement, ...]:
        """Put a prompt in place of the former one, whose time of creation stays; raises PromptRefused."""
        params = {**_params(target), "prompt": checked(prompt), "now": now_ms}
        adopted = (Statement(sql.format(same=_same(target)), params) for sql in (_MAKE_ROOM, _ADOPT))
        return (*adopted, Statement(_SET, params))

    @staticmethod
    def reset(target: ProfileTarget) -> Statement:
        """Remove a profile, whatever its id; where there is none, nothing happens."""
        return Statement(f"DELETE FROM polar_personality_profiles WHERE {_same(target)}", _params(target))

    async def effective(self, *, user_id: str, session_id: str) -> Profile | None:
        """The session's profile, else the user's, else everybody's, else None."""
        return await self._effective.of((user_id, session_id), partial(self._read_effective, user_id, session_id))

    def expect(self, *, user_id: str, session_id: str) -> None:
        """The effective one will be asked for in a moment."""
        self._effective.expect((user_id, session_id), partial(self._read_effective, user_id, session_id))

    async def _read_effective(self, user_id: str, session_id: str) -> Profile | None:
        rows = await self._readers.look_up(_EFFECTIVE, {"user": user_id, "session": session_id})
        return next((profile for profile in map(Profile.from_row, rows) if profile.prompt), None)

    async def list_all(self) -> list[Profile]:
        """Every profile that says something, everybody's first."""
        return [profile for profile in map(Profile.from_row, await self._readers.fetch(_ALL)) if profile.prompt]


def _same(target: ProfileTarget) -> str:
    """As SQL: that a row is of this target, whatever its id."""
    user = "userId IS NULL" if target.user_id is None else "userId = :user"
    session = "sessionId IS NULL" if target.session_id is None else "sessionId = :session"
    return f"scope = :scope AND {user} AND {session}"


def _params(target: ProfileTarget) -> dict[str, str | None]:
    return {
        "id": target.profile_id,
        "scope": target.scope,
        "user": target.user_id,
        "session": target.session_id,
    }
