"""Presses of the buttons under proposals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.automations.answers import created, described
from bot.automations.jobs import OwnJobs
from bot.automations.proposals import KIND, ProposalPress, schedules_of
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
        if press.choice is None:
            turn.record(self.proposals.decide(proposal, "declined", now_ms=self.own.clock()))
            return with_toast(turn, say("proposal.all_right"), Outcome.answer(say("proposal.will_not")))
        offered = schedules_of(proposal)
        if press.choice >= len(offered):
            return with_toast(turn, say("button.out_of_date"), status="ignored")
        return await self._approve(turn, proposal, offered[press.choice])

    async def _approve(self, turn: Turn, proposal: Proposal, schedule: str) -> Outcome:
        try:
            toast, answer = await self._done(turn, proposal.payload, schedule)
        except UsageError as error:  # too many, or its time has passed meanwhile: it stays open
            return with_toast(turn, str(error))
        turn.record(self.proposals.decide(proposal, "approved", now_ms=self.own.clock()))
        return with_toast(turn, toast, answer)

    async def _done(self, turn: Turn, payload: Mapping[str, Any], schedule: str) -> tuple[str, Outcome]:
        """A new job, or another schedule for the one that it was proposed for."""
        prompt = str(payload["prompt"])
        if "job" not in payload:
            job = await self.own.create(turn, schedule, prompt)
            return say("proposal.created"), await created(job, *await self.own.now_of(turn))
        former = await self.own.get(turn, str(payload["job"]))
        job = await self.own.edit(turn, former, schedule, prompt)
        return say("proposal.changed"), await described(job, "automation.changed", *await self.own.now_of(turn))
