"""Commands: a table of them, and the layer that finds, checks and runs the one that a turn calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from middleware.feedback import OUT_OF_DATE
from middleware.turn import CallNext, Invocation, Level, Outcome, Reply, Toast, Turn

Handler = Callable[[Turn, str], Awaitable[Outcome]]
"""Runs a command: the turn, and the argument as written, without blanks around it."""

NOT_ALLOWED = "That is for {level}s of this bot only."


class UsageError(Exception):
    """A command was called in a form that it does not know; the message says what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. `usage` is its form without the slash; `summary` one line for the menu and /help."""

    name: str
    summary: str
    usage: str
    example: str
    handler: Handler
    level: Level = Level.MEMBER
    aliases: tuple[str, ...] = ()
    """Other names that call it; they stand in /help, not in the menu."""


class Registry:
    """All commands, from which dispatch, the menu and /help are made."""

    def __init__(self, commands: Iterable[Command] = ()) -> None:
        self._by_name: dict[str, Command] = {}
        for command in commands:
            self.add(command)

    def add(self, command: Command) -> None:
        """Raises ValueError for a name that is taken."""
        for name in (command.name, *command.aliases):
            if name in self._by_name:
                raise ValueError(f"the command /{name} exists twice")
            self._by_name[name] = command

    def find(self, name: str) -> Command | None:
        """The command that has this name or alias, or None."""
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[Command]:
        """In the order of addition, which is the menu's."""
        return iter(dict.fromkeys(self._by_name.values()))


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs the command that a turn calls; whoever lacks the level gets a plain no."""

    registry: Registry
    buttons: Mapping[str, Handler]
    """Handlers of button presses, by what stands before the first colon of their data."""

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Turns that call no command go on."""
        if turn.press is not None:
            return await self._press(turn)
        if turn.command is None or turn.kind != "command":
            return await call_next(turn)
        command = self.registry.find(turn.command.name)
        if command is None:
            return self._unknown(turn, turn.command)
        if turn.level < command.level:
            text = NOT_ALLOWED.format(level=command.level.name.lower())
            return Outcome(status="denied", reason="level", replies=(Reply(text=text),))
        try:
            return await command.handler(turn, turn.command.argument)
        except UsageError as error:
            return Outcome(
                status="answered",
                reason="usage",
                replies=(Reply(text=f"{error}\nUsage: /{command.usage}\nExample: /{command.example}"),),
            )

    async def _press(self, turn: Turn) -> Outcome:
        assert turn.press is not None
        prefix, _, rest = turn.press.data.partition(":")
        handler = self.buttons.get(prefix)
        if handler is None or turn.level < Level.MEMBER:
            return Outcome(status="ignored", reason="stale button", replies=(Toast(turn.press.query_id, OUT_OF_DATE),))
        return await handler(turn, rest)

    def _unknown(self, turn: Turn, invocation: Invocation) -> Outcome:
        if not turn.place.is_private:
            return Outcome(status="ignored", reason="unknown command")
        return Outcome(
            status="answered",
            reason="unknown command",
            replies=(Reply(text="I do not know that command. /help lists what I can do."),),
        )
