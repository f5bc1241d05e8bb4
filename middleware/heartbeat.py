"""Heartbeat turns end here: the checks of a policy are run, and reported if they find something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from middleware.checks import CHECKS, CheckWindow, settings_of
from middleware.texts import say
from middleware.turn import CallNext, Clock, Kind, Outcome, Run, Turn
from storage.views.health import Health

NOTHING = "nothing to report"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Looks after things without any responder: what is counted needs no model."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"heartbeat"})

    health: Health
    clock: Clock

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Silence is the good news."""
        if turn.run is None:
            return await call_next(turn)
        findings = await self._look(turn.run)
        if not findings:
            return Outcome(status="recorded", reason=NOTHING)
        title = say("heartbeat.title", id=turn.run.subject_id)
        return Outcome.answer("\n".join([title, *(f"• {line}" for line in findings)]))

    async def _look(self, run: Run) -> list[str]:
        window = CheckWindow(now_ms=self.clock(), last_ms=await self.health.last_beat_ms(run.subject_id))
        findings: list[str] = []
        for name in sorted(run.checks, key=_position):
            try:
                settings = settings_of(name, run.checks[name])
            except ValueError as error:
                findings.append(str(error))
            else:
                findings += await CHECKS[name].look(self.health, settings, window)
        return findings


def _position(name: str) -> int:
    """Reports follow the table; what it does not have comes last."""
    return list(CHECKS).index(name) if name in CHECKS else len(CHECKS)
