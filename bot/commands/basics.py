"""/start, /help, /about, /ping, /whoami, /status."""

from __future__ import annotations

from dataclasses import dataclass

from bot import VERSION
from middleware.commands import Command, Registry
from middleware.texts import say, say_span
from middleware.turn import Clock, Level, Outcome, Turn
from middleware.usage import UsageError
from storage.tables.memories import Memories
from storage.views.queue_counts import QueueCounts


@dataclass(frozen=True, slots=True)
class Basics:
    """The commands that every bot is expected to know. `model` is the name of the language model, where one answers."""

    registry: Registry
    queue_counts: QueueCounts
    memories: Memories
    clock: Clock
    started_at_ms: int
    responder: str
    model: str

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            # What stands behind it comes with links: it is no mistake of the person's.
            Command(name="start", handler=self.start),
            Command(name="help", handler=self.help),
            Command(name="about", handler=self.about, is_bare=True),
            Command(name="whoami", handler=self.who_am_i, is_bare=True),
            Command(name="status", handler=self.status, is_bare=True),
            Command(name="ping", handler=self.ping, is_bare=True),
        )

    async def start(self, turn: Turn, argument: str) -> Outcome:
        """A greeting that says what to do next."""
        more = say("start.more")
        if turn.user_name:
            return Outcome.answer(say("start.hello_name", name=turn.user_name, more=more))
        return Outcome.answer(say("start.hello", more=more))

    async def help(self, turn: Turn, argument: str) -> Outcome:
        """The commands that this person may use, or all about one of them."""
        if argument:
            return Outcome.answer(self._help_on(turn, argument))
        lines = [say("help.line", name=c.name, summary=c.summary) for c in self.registry if turn.level >= c.level]
        return Outcome.answer("\n".join([*lines, say("help.more")]))

    def _help_on(self, turn: Turn, written: str) -> str:
        command = self.registry.find(written.removeprefix("/").lower())
        if command is None or turn.level < command.level:
            raise UsageError(say("help.unknown", written=written[:40]))
        told = {"summary": command.summary, "usage": command.usage_of(""), "example": command.example}
        lines = [say("help.of_one", name=command.name, **told)]
        if command.aliases:
            lines.append(say("help.also", names=", ".join(f"/{alias}" for alias in command.aliases)))
        return "\n".join(lines)

    async def about(self, turn: Turn, argument: str) -> Outcome:
        """The name and version of this, who answers, and what is kept of people."""
        who = say("about.answers", responder=self._who_answers())
        return Outcome.answer(
            "\n".join([say("about.what", version=VERSION), who, say("about.keeps"), say("about.yours")])
        )

    def _who_answers(self) -> str:
        match self.responder:
            case "openai":
                return say("about.model", model=self.model)
            case "local":
                return say("about.local")
            case "none":
                return say("about.silent")
        return say("about.own", name=self.responder)

    async def who_am_i(self, turn: Turn, argument: str) -> Outcome:
        """Ids, level, and how much is remembered; nothing of anybody else."""
        text = say(
            "whoami.shown",
            name=turn.user_name or say("whoami.nameless"),
            user=turn.user_id,
            level=say(f"level.{turn.level.name.lower()}"),
            chat=turn.place.chat_id,
            type=turn.place.chat_type,
            memories=await self.memories.count(session_id=turn.session_id, user_id=turn.user_id),
        )
        return Outcome.answer(text)

    async def status(self, turn: Turn, argument: str) -> Outcome:
        """Uptime and responder; queue depths for operators."""
        up = say_span((self.clock() - self.started_at_ms) // 1000)
        lines = [say("status.up", span=up, responder=self.responder)]
        if turn.level >= Level.OPERATOR:
            lines.append(say("status.updates", counts=_counts(await self.queue_counts.of_updates())))
            lines.append(say("status.deliveries", counts=_counts(await self.queue_counts.of_deliveries())))
        return Outcome.answer("\n".join(lines))

    async def ping(self, turn: Turn, argument: str) -> Outcome:
        """The shortest answer there is."""
        return Outcome.answer(say("ping.pong"))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or say("status.none")
