"""Presses of the buttons under proposals."""

from __future__ import annotations

from dataclasses import dataclass

from bot.automations.answers import created
from bot.automations.jobs import OwnJobs
from bot.automations.proposals import KIND, ProposalPress
from middleware.presses import with_toast
from middleware.texts import say
from middleware.turn import Outcome, Turn
from middleware.usage import UsageError
from storage.tables.proposals import Proposal, Proposals


@dataclass(frozen=True, slots=True)
class ProposalPresses:
    """Once, by the person to whom it was proposed, where that was."""

    proposals: Proposals
    own: OwnJobs

    async def __call__(self, turn: Turn, data: str) -> Outcome:
        """Approving creates the job and its next occurrence in the commit that decides."""
        press = ProposalPress.parse(data)
        proposal = await self.proposals.find(press.proposal_id) if press is not None else None
        if press is None or proposal is None or proposal.session_id != turn.session_id or proposal.kind != KIND:
            return with_toast(turn, say("button.out_of_date"), status="ignored")
        if proposal.user_id != turn.user_id:
            return with_toast(turn, say("automation.toast.foreign"), status="denied")
        if proposal.status != "open":
            return with_toast(turn, say(f"proposal.decided.{proposal.status}"), status="ignored")
        if not press.approves:
            turn.record(self.proposals.decide(proposal, "declined", now_ms=self.own.clock()))
            return with_toast(turn, say("proposal.all_right"), Outcome.answer(say("proposal.will_not")))
        return await self._approve(turn, proposal)

    async def _approve(self, turn: Turn, proposal: Proposal) -> Outcome:
        try:
            job = await self.own.create(turn, str(proposal.payload["schedule"]), str(proposal.payload["prompt"]))
        except UsageError as error:  # too many, or its time has passed meanwhile: it stays open
            return with_toast(turn, str(error))
        turn.record(self.proposals.decide(proposal, "approved", now_ms=self.own.clock()))
        return with_toast(turn, say("proposal.created"), await created(job, *await self.own.now_of(turn)))
