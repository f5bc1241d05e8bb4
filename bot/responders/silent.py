"""The responder that never answers: a listener for groups and channels."""

from __future__ import annotations

from middleware.responder import Abilities
from middleware.turn import Turn


class Silent:
    """Stays silent; everything is recorded all the same."""

    abilities = Abilities(memories=False, personality=False, rights=False, is_listener=True, is_immediate=True)

    async def respond(self, turn: Turn) -> None:
        """Nothing."""
        return
