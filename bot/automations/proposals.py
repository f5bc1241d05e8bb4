"""Proposals of automations: what a responder is handed to make them. A person decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.automations import texts
from bot.automations.limits import Limits, check_prompt
from bot.automations.rights import GroupRights
from bot.clock import moment
from bot.evaluation import evaluate, evaluate_new
from bot.phrasing import explain
from bot.schedules.errors import ScheduleError
from bot.schedules.text import read_due
from bot.zones import Zones
from middleware.responder import NotProposed
from middleware.texts import say
from middleware.turn import Clock, Reply, Turn
from middleware.usage import UsageError
from storage.payloads import Button, Buttons
from storage.tables.proposals import Proposal, Proposals

PREFIX = "pr"
KIND = "automation"


@dataclass(frozen=True, slots=True)
class ProposalPress:
    """The answer to a proposal."""

    proposal_id: str
    approves: bool

    @property
    def data(self) -> str:
        """`pr:<proposal id>:y`, or `:n`."""
        return f"{PREFIX}:{self.proposal_id}:{'y' if self.approves else 'n'}"

    @classmethod
    def parse(cls, data: str) -> ProposalPress | None:
        """The press that the data stands for; None for neither of the two."""
        proposal_id, _, answer = data.removeprefix(f"{PREFIX}:").rpartition(":")
        return cls(proposal_id, answer == "y") if answer in ("y", "n") else None


@dataclass(frozen=True, slots=True)
class AutomationProposals:
    """Asks the person of a turn whether something is to be done; nothing is until they say so."""

    proposals: Proposals
    zones: Zones
    rights: GroupRights
    clock: Clock
    new_id: Callable[[], str]
    limits: Limits

    async def now_of(self, turn: Turn) -> datetime:
        """The time that the person's clocks show (naive)."""
        zone = await self.zones.of(turn.user_id)
        return self._now().astimezone(zone).replace(tzinfo=None)

    async def automation(self, turn: Turn, *, schedule: str, prompt: str) -> Reply:
        """The reply that asks, with the buttons that decide; the schedule is as people write it.

        Raises NotProposed for a schedule that cannot be read, comes due never or too often, for too long a text, and
        where the person may not set up a job.
        """
        zone = await self.zones.of(turn.user_id)
        try:
            check_prompt(prompt)
            if turn.is_bot:
                return Reply(text=say("proposal.bot"), by="polar")
            if not turn.has_rights:
                return Reply(text=say("proposal.anonymous"), by="polar")
            await self.rights.check_creation(turn)
            due_schedule = await evaluate_new(read_due, schedule, zone=zone, now=self._now(), least=self.limits.least)
        except (ScheduleError, UsageError) as error:
            raise NotProposed(explain(error)) from error
        proposal = Proposal(
            id=self.new_id()[:16],
            session_id=turn.session_id,
            user_id=turn.user_id,
            kind=KIND,
            payload={"schedule": due_schedule.stored(), "prompt": prompt},
        )
        turn.record(*self.proposals.add(proposal, now_ms=self.clock()))
        times = await evaluate(texts.next_times, due_schedule, self.clock(), zone)
        text = say("proposal.ask", schedule=texts.describe(due_schedule, zone), prompt=prompt, times=times)
        return Reply(text=text, buttons=_buttons(proposal.id), by="polar")

    def _now(self) -> datetime:
        return moment(self.clock())


def _buttons(proposal_id: str) -> Buttons:
    create = Button(say("proposal.create"), ProposalPress(proposal_id, approves=True).data)
    return ((create, Button(say("proposal.refuse"), ProposalPress(proposal_id, approves=False).data)),)
