"""All commands and buttons, put together: the part of the composition root that concerns them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.automations import buttons
from bot.automations.commands import AutomationCommands
from bot.automations.decisions import ProposalPresses
from bot.automations.jobs import OwnJobs
from bot.automations.presses import AutomationPresses
from bot.automations.proposals import PREFIX as PROPOSALS
from bot.clock import new_id
from bot.commands.basics import Basics
from bot.commands.budget import BudgetCommands
from bot.commands.feedback import FeedbackCommands
from bot.commands.memory import MemoryCommands
from bot.commands.own_data import PREFIX as OWN_DATA
from bot.commands.own_data import OwnDataCommands
from bot.commands.pairing import PairingCommands
from bot.commands.personality import PersonalityCommands
from bot.commands.stop import StopCommand
from bot.commands.tasks import TaskCommands
from bot.commands.timezone import TimezoneCommands
from bot.settings import Settings
from bot.zones import Zones
from middleware.answering import Answering
from middleware.commands import Command, Handler, Registry
from middleware.turn import Clock
from storage.database import Database
from storage.erasure import Erasure
from storage.tables.access import Access
from storage.tables.budgets import Budgets
from storage.tables.deliveries import Deliveries
from storage.tables.feedback import Feedback
from storage.tables.jobs import Jobs
from storage.tables.memories import Memories
from storage.tables.messages import Messages
from storage.tables.personalities import Personalities
from storage.tables.proposals import Proposals
from storage.tables.runs import Runs
from storage.tables.updates import Updates
from storage.views.feedback_summary import FeedbackSummaries
from storage.views.own_data import OwnData
from storage.views.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Table:
    """What people can call and press."""

    settings: Settings
    database: Database
    clock: Clock
    zones: Zones
    access: Access
    answering: Answering

    def registry(self) -> Registry:
        """The commands, in the order of the menu."""
        registry = Registry()
        for command in self._commands(registry):
            registry.add(command)
        return registry

    def _commands(self, registry: Registry) -> Iterator[Command]:
        database, clock = self.database, self.clock
        memories, runs, feedback = Memories(database), Runs(database), Feedback(database)
        basics = Basics(
            registry=registry,
            updates=Updates(database),
            deliveries=Deliveries(database),
            memories=memories,
            clock=clock,
            started_at_ms=clock(),
            responder=self.settings.responder,
            model=self.settings.openai_model,
        )
        yield from basics.commands()
        yield from MemoryCommands(memories, new_id).commands()
        yield from PersonalityCommands(Personalities(database), clock).commands()
        yield from AutomationCommands(self._own_jobs(), runs, feedback).commands()
        yield from TaskCommands(Tasks(database), runs, self.zones).commands()
        yield from TimezoneCommands(self.zones, clock).commands()
        yield from FeedbackCommands(feedback, FeedbackSummaries(database), clock).commands()
        yield from BudgetCommands(Budgets(database), clock).commands()
        yield from StopCommand(self.answering, database, clock).commands()
        yield from self._own_data().commands()
        yield from PairingCommands(self.access, clock).commands()

    def buttons(self) -> Mapping[str, Handler]:
        """Handlers of presses, by what their data begins with."""
        own_jobs = self._own_jobs()
        return {
            buttons.PREFIX: AutomationPresses(own_jobs),
            PROPOSALS: ProposalPresses(Proposals(self.database), own_jobs),
            OWN_DATA: self._own_data().press,
        }

    def _own_jobs(self) -> OwnJobs:
        return OwnJobs(Jobs(self.database), self.clock, self.zones, new_id)

    def _own_data(self) -> OwnDataCommands:
        return OwnDataCommands(OwnData(self.database), Erasure(self.database), Messages(self.database), self.clock)
