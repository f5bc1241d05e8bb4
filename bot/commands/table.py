"""All commands and buttons, put together: the part of the composition root that concerns them.

What a command is said to be stands in middleware/languages/en.toml, under `commands.<name>`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.automations import buttons
from bot.automations.commands import AutomationCommands
from bot.automations.decisions import ProposalPresses
from bot.automations.jobs import OwnJobs
from bot.automations.limits import Limits
from bot.automations.presses import AutomationPresses
from bot.automations.proposals import PREFIX as PROPOSALS
from bot.automations.proposals import AutomationProposals
from bot.automations.rights import GroupRights
from bot.clock import new_id
from bot.commands.basics import Basics
from bot.commands.budget import BudgetCommands
from bot.commands.doctor import DoctorCommand, Examine
from bot.commands.feedback import FeedbackCommands
from bot.commands.memory import MemoryCommands
from bot.commands.memory_presses import MemoryPresses
from bot.commands.own_data import PREFIX as OWN_DATA
from bot.commands.own_data import OwnDataCommands
from bot.commands.pairing import PairingCommands
from bot.commands.personality import PersonalityCommands
from bot.commands.stop import StopCommand
from bot.commands.tasks import TaskCommands
from bot.commands.timezone import TimezoneCommands
from bot.doctor.reaction import WantedReactions
from bot.settings import Settings
from bot.zones import Zones
from middleware.admission import Admission
from middleware.answering import Answering
from middleware.commands import Command, PressHandler, Registry
from middleware.facts import Facts
from middleware.kept import PREFIX as MEMORIES
from middleware.turn import Clock, Level
from storage.database import Database
from storage.stores import Stores
from storage.tables.experiments import Experiment


@dataclass(frozen=True, slots=True)
class CommandTable:
    """The commands that people can call, and the buttons that they can press."""

    settings: Settings
    database: Database
    stores: Stores
    clock: Clock
    zones: Zones
    rights: GroupRights
    admission: Admission
    answering: Answering
    limits: Limits
    facts: Facts
    examine: Examine
    wanted: WantedReactions
    proposals: AutomationProposals
    experiment: Callable[[], Awaitable[Experiment | None]]

    def registry(self) -> Registry:
        """The commands, in the order of the menu."""
        registry = Registry()
        for command in self._commands(registry):
            registry.add(command)
        return registry

    def _commands(self, registry: Registry) -> Iterator[Command]:
        stores, clock = self.stores, self.clock
        basics = Basics(
            registry=registry,
            queue_counts=stores.queue_counts,
            memories=stores.asked_memories,
            clock=clock,
            started_at_ms=clock(),
            responder=self.settings.responder,
            model=self.settings.openai_model,
        )
        yield from basics.commands()
        yield from MemoryCommands(stores.asked_memories, self.facts).commands()
        yield from PersonalityCommands(stores.personalities, clock).commands()
        yield from AutomationCommands(
            self._own_jobs(), self.proposals, stores.runs, stores.occurrences, stores.chat_feedback
        ).commands()
        yield from TaskCommands(stores.tasks, self.zones).commands()
        yield from TimezoneCommands(self.zones, clock).commands()
        yield from FeedbackCommands(
            stores.chat_feedback, stores.feedback_summaries, stores.shares, self.experiment, clock
        ).commands()
        yield from BudgetCommands(stores.budgets, clock).commands()
        yield from StopCommand(self.answering, self.database, stores.memories, clock).commands()
        yield from self.own_data().commands()
        yield from PairingCommands(stores.access, self.admission, clock).commands()
        yield from DoctorCommand(self.examine, self.wanted).commands()

    def buttons(self) -> Mapping[str, PressHandler]:
        """Handlers of presses, by what their data begins with."""
        own_jobs = self._own_jobs()
        return {
            buttons.PREFIX: PressHandler(AutomationPresses(own_jobs)),
            PROPOSALS: PressHandler(ProposalPresses(self.stores.proposals, own_jobs)),
            MEMORIES: PressHandler(MemoryPresses(self.stores.memories)),
            OWN_DATA: PressHandler(self.own_data().press, Level.STRANGER),
        }

    def _own_jobs(self) -> OwnJobs:
        return OwnJobs(
            self.stores.jobs, self.stores.occurrences, self.clock, self.zones, self.rights, new_id, self.limits
        )

    def own_data(self) -> OwnDataCommands:
        """The commands that are a right of whoever asks."""
        return OwnDataCommands(self.stores.own_data, self.stores.erasure, self.stores.messages, self.clock)
