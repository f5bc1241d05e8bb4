"""The demo's responder before the crash: it thinks about hard questions for so long that it can be killed at it."""

from __future__ import annotations

import asyncio

from middleware.respond import Responder
from middleware.turn import Reply, Turn

HARD = "think"


class Thinking:
    """Answers as `local` does, but thinks about what contains “think” until somebody stops it."""

    def __init__(self, fallback: Responder) -> None:
        self._fallback = fallback

    async def respond(self, turn: Turn) -> str | Reply | None:
        """The local answer, or a long thought."""
        if HARD in turn.text:
            await asyncio.Event().wait()
        return await self._fallback.respond(turn)
