"""Commands: a table of them, and the layer that finds, checks and runs the one that a turn calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from middleware.incoming import Invocation
from middleware.presses import stale
from middleware.texts import say
from middleware.turn import CallNext, Kind, Level, Outcome, Reply, Turn
from middleware.usage import UsageError, anonymous, not_allowed
from storage.errors import QuestionTooLong

Handler = Callable[[Turn, str], Awaitable[Outcome]]
"""Runs a command: the turn, and the argument as written, without blanks around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. What it is said to be stands in the catalogue of texts, under `commands.<name>`."""

    name: str
    handler: Handler
    level: Level = Level.MEMBER
    """`STRANGER` is a right that being shut out does not take away."""
    aliases: tuple[str, ...] = ()
    """Other names that call it; they stand in /help of the command, not in the menu."""
    is_bare: bool = False
    """True if it takes no argument, so that one is an error."""
    is_personal: bool = False
    """True if what it keeps is one person's, so that nobody uses it in the name of a group."""

    @property
    def summary(self) -> str:
        """One line for the menu and /help."""
        return say(f"commands.{self.name}.summary")

    @property
    def usage(self) -> str:
        """Its forms, without the slash."""
        return say(f"commands.{self.name}.usage")

    def usage_of(self, argument: str) -> str:
        """The form that somebody meant by this argument, by its first word; all of them, a line each, otherwise."""
        forms = [form if form.startswith(self.name) else f"{self.name} {form}" for form in self.usage.split(", ")]
        verb = argument.partition(" ")[0].lower()
        meant = [form for form in forms if verb and verb in "".join(form.split()[1:2]).split("|")]
        return "\n/".join(meant or forms)

    @property
    def example(self) -> str:
        """A call that works as it stands, without the slash."""
        return say(f"commands.{self.name}.example")


@dataclass(frozen=True, slots=True)
class PressHandler:
    """Who handles the presses of one kind of button, which gets the data, and the level that it takes."""

    handler: Handler
    level: Level = Level.MEMBER


class Registry:
    """All commands, from which dispatch, the menu, /help and the reference page are made."""

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

    kinds: ClassVar[frozenset[Kind]] = frozenset({"command", "button"})

    registry: Registry
    buttons: Mapping[str, PressHandler]
    """By what stands before the first colon of a button's data."""

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Nothing that calls a command goes on. In a channel, where all would read it, a refusal is not said."""
        if turn.press is not None:
            return await self._press(turn)
        if turn.command is None:
            return await call_next(turn)
        outcome = await self._run(turn, turn.command)
        is_done = outcome.status == "answered" and outcome.reason is None
        return replace(outcome, replies=()) if turn.place.is_channel and not is_done else outcome

    async def _run(self, turn: Turn, invocation: Invocation) -> Outcome:
        command = self.registry.find(invocation.name)
        if command is None:
            return self._unknown(turn)
        needs_person = command.is_personal or command.level > Level.MEMBER
        if needs_person and (turn.speaks_for_group or (turn.level >= command.level and not turn.has_rights)):
            return anonymous()
        if turn.level < command.level:
            return not_allowed(command.level)
        try:
            if command.is_bare and invocation.argument:
                raise UsageError(say("command.bare"))
            return await command.handler(turn, invocation.argument)
        except UsageError as error:
            text = say(
                "command.wrong", problem=error, usage=command.usage_of(invocation.argument), example=command.example
            )
            return Outcome(status="answered", reason="usage", replies=(Reply(text=text),))
        except QuestionTooLong:
            return Outcome(status="answered", reason="took too long", replies=(Reply(text=say("command.too_long")),))

    async def _press(self, turn: Turn) -> Outcome:
        assert turn.press is not None
        button = self.buttons.get(turn.press.data.partition(":")[0])
        if button is None or turn.level < button.level:
            return stale(turn.press)
        return await button.handler(turn, turn.press.data)

    def _unknown(self, turn: Turn) -> Outcome:
        if not turn.place.is_private:
            return Outcome(status="ignored", reason="unknown command")
        text = say("command.unknown")
        return Outcome(status="answered", reason="unknown command", replies=(Reply(text=text),))
