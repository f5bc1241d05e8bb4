"""The effective personality profile of who asks: how the answer is to sound."""

from __future__ import annotations

from dataclasses import dataclass, replace

from middleware.responder import Abilities, wants_answer
from middleware.turn import CallNext, Outcome, Turn
from storage.tables.personalities import Personalities


@dataclass(frozen=True, slots=True)
class Personality:
    """Tells the responder the prompt, and the ledgers the profile. A run speaks as its owner wants it."""

    personalities: Personalities
    abilities: Abilities

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Without any profile, the neutral one: no prompt."""
        # A run's row in the ledger names the profile, whether or not the responder wants to know it.
        if wants_answer(turn) and (self.abilities.personality or turn.run is not None):
            profile = await self.personalities.effective(user_id=turn.user_id, session_id=turn.session_id)
            if profile is not None:
                turn.context.personality = profile.prompt
                turn.origin = replace(turn.origin, profile_id=profile.profile_id)
        return await call_next(turn)
