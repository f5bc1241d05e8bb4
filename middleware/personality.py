"""The effective personality profile of who asks: how the answer is to sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from middleware.needs import Needs
from middleware.responder import ANSWERABLE, wants_answer
from middleware.turn import CallNext, Kind, Outcome, Turn
from storage.origin import fingerprint
from storage.tables.keys import PERSONALITY, Keys
from storage.tables.personalities import Personalities

KEPT = 64
"""Fingerprints that are kept, with their texts, which are as long as a profile's may be."""


@dataclass(frozen=True, slots=True)
class Personality:
    """Tells the responder the prompt, and the ledgers the profile. A run speaks as its owner wants it."""

    personalities: Personalities
    needs: Needs

    @property
    def kinds(self) -> frozenset[Kind]:
        """Runs always: a run's row in the ledger names the profile, whether or not anybody wants to know it."""
        return ANSWERABLE if self.needs.personality else frozenset({"automation"})

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Without any profile, the neutral one: no prompt."""
        if wants_answer(turn):
            profile = await self.personalities.effective(user_id=turn.user_id, session_id=turn.session_id)
            if profile is not None:
                turn.context.personality = profile.prompt
                turn.context.has_own_personality = profile.scope != "global"
                turn.origin = replace(turn.origin, profile_id=profile.profile_id)
        return await call_next(turn)

    def read_ahead(self, user_id: str, session_id: str) -> None:
        """The profile."""
        if self.needs.personality:
            self.personalities.expect(user_id=user_id, session_id=session_id)


class Fingerprints:
    """Tells by which text an answer was given: a profile keeps its id when its text changes."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._made: Callable[[str], str] | None = None

    async def prepare(self) -> None:
        """Read the key, which never changes."""
        key = await self._keys.find(PERSONALITY)
        if key is not None:
            self._made = lru_cache(KEPT)(partial(fingerprint, key))  # most people have the same text

    def of(self, prompt: str) -> str | None:
        """The fingerprint, of the neutral personality's empty text too; None where the database has lost its key."""
        return None if self._made is None else self._made(prompt)
