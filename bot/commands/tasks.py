"""/tasks: what became of the runs of one's automations."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.automations.texts import stamp
from bot.zones import Zones
from middleware.commands import Command
from middleware.texts import say, shorten
from middleware.turn import Level, Outcome, Turn
from storage.statuses import TaskStatus
from storage.views.tasks import Task, TaskBoard

SHOWN = 10
_SIGNS = {TaskStatus.DONE: "✅", TaskStatus.BLOCKED: "⛔"}
_UNHEARD = "📭"


@dataclass(frozen=True, slots=True)
class TaskCommands:
    """The task board: one's own runs in this chat; operators see how many there are in all."""

    tasks: TaskBoard
    zones: Zones

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (Command(name="tasks", handler=self.run, is_bare=True),)

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """The newest runs, newest first."""
        zone = await self.zones.of(turn.user_id)
        tasks = await self.tasks.list_of(turn.session_id, turn.user_id, limit=SHOWN)
        lines = [_line(task, zone) for task in tasks] or [say("task.none")]
        if turn.level >= Level.OPERATOR:
            done, blocked = await self.tasks.count()
            lines.append(say("task.all", done=done, blocked=blocked))
        return Outcome.answer("\n".join(lines))


def _line(task: Task, zone: ZoneInfo) -> str:
    told = {
        "sign": _SIGNS[task.status] if task.unheard is None else _UNHEARD,
        "at": stamp(task.created_at_ms, zone),
        "prompt": shorten(task.prompt, 60),
        "status": task.status,
    }
    if task.unheard is not None:
        return say("task.line_unheard", **told, reason=task.unheard)
    if task.reason:
        return say("task.line_reason", **told, reason=shorten(task.reason, 100))
    return say("task.line", **told)
