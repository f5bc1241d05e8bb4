"""The effective personality profile of who asks: how the answer is to sound."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from middleware.needs import Needs
from middleware.responder import ANSWERABLE, wants_answer
from middleware.turn import CallNext, Kind, Outcome, Turn
from storage.origin import fingerprint
from storage.tables.keys import PERSONALITY, Keys
from storage.tables.personalities import Personalities


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


@dataclass(slots=True)
class Fingerprints:
    """Tells by which text an answer was given: a profile keeps its id when its text changes."""

    keys: Keys
    _key: str | None = field(default=None, init=False)

    async def prepare(self) -> None:
        """Read the key, which never changes."""
        self._key = await self.keys.find(PERSONALITY)

    def of(self, prompt: str) -> str | None:
        """The fingerprint, of the neutral personality's empty text too; None where the database has lost its key."""
        return None if self._key is None else fingerprint(self._key, prompt)
