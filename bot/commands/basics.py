"""/start, /help, /ping, /whoami, /status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from middleware.commands import Command, Registry
from middleware.turn import Clock, Level, Outcome, Turn
from storage.deliveries import Deliveries
from storage.memories import Memories
from storage.updates import Updates


@dataclass(frozen=True, slots=True)
class Basics:
    """What every bot is expected to answer."""

    registry: Registry
    updates: Updates
    deliveries: Deliveries
    memories: Memories
    clock: Clock
    started_at_ms: int
    responder: str

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            _command("start", "say hello", self.start),
            _command("help", "what I can do", self.help),
            _command("whoami", "what I know of you here", self.who_am_i),
            _command("status", "how I am doing", self.status),
            _command("ping", "whether I am there", self.ping),
        )

    async def start(self, turn: Turn, argument: str) -> Outcome:
        """A greeting that says what to do next."""
        name = f", {turn.user_name}" if turn.user_name else ""
        return Outcome.answer(
            f"Hello{name}! Write to me, react to what I say with 👍 or 👎, and let me remind you of things: "
            "/automations create in 5 minutes | tea is ready\n/help lists everything."
        )

    async def help(self, turn: Turn, argument: str) -> Outcome:
        """The commands that this person may use."""
        lines = [f"/{c.usage} – {c.summary}" for c in self.registry if turn.level >= c.level]
        return Outcome.answer("\n".join(lines))

    async def who_am_i(self, turn: Turn, argument: str) -> Outcome:
        """Ids, level, and how much is remembered; nothing of anybody else."""
        memories = await self.memories.count(session_id=turn.session_id, user_id=turn.user_id)
        return Outcome.answer(
            f"You are {turn.user_name or 'nameless'}, id {turn.user_id}, {turn.level.name.lower()}.\n"
            f"This chat is {turn.place.chat_id} ({turn.place.chat_type}).\n"
            f"I remember {memories} thing(s) that you told me here."
        )

    async def status(self, turn: Turn, argument: str) -> Outcome:
        """Uptime and responder; queue depths for operators."""
        up = _duration((self.clock() - self.started_at_ms) // 1000)
        lines = [f"Up for {up}, answering with “{self.responder}”."]
        if turn.level >= Level.OPERATOR:
            updates = await self.updates.count_by_status()
            deliveries = await self.deliveries.count_by_status()
            lines.append(f"Updates: {_counts(updates)}")
            lines.append(f"Deliveries: {_counts(deliveries)}")
        return Outcome.answer("\n".join(lines))

    async def ping(self, turn: Turn, argument: str) -> Outcome:
        """The shortest answer there is."""
        return Outcome.answer("pong")


def _command(name: str, summary: str, handler: Callable[..., object]) -> Command:
    return Command(name=name, summary=summary, usage=name, example=name, handler=handler)  # type: ignore[arg-type]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none"


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "0 s"
