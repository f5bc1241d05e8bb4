"""Responders that cost something, for the tests of budgets."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from middleware.responder import Responder
from middleware.turn import Turn

COST = 0.1
"""What a call is estimated to cost and does cost, in US dollars."""
CALLS_FILE = "PAID_CALLS"
"""The environment variable that names the file in which processes note their calls."""


class Paid:
    """Says what it was told, for COST; as the text asks for, it fails, hangs, or gives a wrong estimate."""

    calls: list[str] = []  # noqa: RUF012 - of the test that runs now
    gate: asyncio.Event | None = None
    """Where it is set, answers wait for it."""

    def __init__(self, fallback: Responder) -> None:
        self.fallback = fallback

    def estimate_usd(self, turn: Turn) -> float:
        """COST, or what the text says."""
        return float(turn.text.split()[1]) if turn.text.startswith("estimate ") else COST

    async def respond(self, turn: Turn) -> str:
        """The text, marked as an answer."""
        self.note(turn)
        turn.spent_usd += COST
        if turn.text.startswith("fail"):
            raise RuntimeError("this responder fails")
        if turn.text.startswith("hang"):
            await asyncio.Event().wait()
        if self.gate is not None:
            await self.gate.wait()
        return f"echo: {turn.text}"

    def note(self, turn: Turn) -> None:
        """Count the call before anything is spent."""
        self.calls.append(turn.text)


class SlowPaid(Paid):
    """In a process that is killed: takes a moment, and notes its calls in a file, which outlives the process."""

    def note(self, turn: Turn) -> None:
        """A line, written at once."""
        with Path(os.environ[CALLS_FILE]).open("a", encoding="utf-8") as file:
            file.write(f"{turn.text}\n")

    async def respond(self, turn: Turn) -> str:
        """As Paid, 100 ms later, so that ten calls outlast the wait for the first of them."""
        answer = await super().respond(turn)
        await asyncio.sleep(0.1)
        return answer


class Unpriced(Paid):
    """Tells what it spent, and no estimate before."""

    estimate_usd = None  # type: ignore[assignment]
