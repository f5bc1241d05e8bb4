"""A responder that takes half a minute: `POLAR_RESPONDER=benchmarks.slow:Slow`."""

from __future__ import annotations

import asyncio

from middleware.responder import Responder
from middleware.turn import Turn

ANSWER_S = 30


class Slow:
    """Says what was said, much later."""

    def __init__(self, fallback: Responder) -> None:
        self.fallback = fallback

    async def respond(self, turn: Turn) -> str:
        """The text."""
        await asyncio.sleep(ANSWER_S)
        return turn.text
