"""/tasks: what became of the runs of one's automations."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.commands.automation_texts import shorten, stamp
from bot.zones import Zones
from middleware.commands import Command, UsageError
from middleware.turn import Level, Outcome, Turn
from storage.runs import Runs
from storage.tasks import Task, Tasks

SHOWN = 10
_SIGNS = {"done": "✅", "blocked": "⛔"}


@dataclass(frozen=True, slots=True)
class TaskCommands:
    """The task board: one's own runs in this chat; operators see how many there are in all."""

    tasks: Tasks
    runs: Runs
    zones: Zones

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(
                name="tasks",
                summary="what your automations have done",
                usage="tasks",
                example="tasks",
                handler=self.run,
            ),
        )

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """The newest runs, newest first."""
        if argument:
            raise UsageError("It takes nothing more.")
        zone = await self.zones.of(turn.user_id)
        tasks = await self.tasks.list_of(turn.session_id, turn.user_id, limit=SHOWN)
        lines = [_line(task, zone) for task in tasks] or ["No automation of yours here has run yet."]
        if turn.level >= Level.OPERATOR:
            counts = await self.runs.count_by_task_status()
            lines.append(f"Everybody's: {counts.get('done', 0)} done, {counts.get('blocked', 0)} blocked")
        return Outcome.answer("\n".join(lines))


def _line(task: Task, zone: ZoneInfo) -> str:
    reason = f" ({shorten(task.reason, 100)})" if task.reason else ""
    return (
        f"{_SIGNS[task.status]} {stamp(task.created_at_ms, zone)} “{shorten(task.prompt, 60)}”: {task.status}{reason}"
    )
