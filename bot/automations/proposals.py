"""Proposals of automations: what a responder is handed to make them. A person decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.automations import texts
from bot.automations.limits import Limits, check_prompt
from bot.automations.rights import GroupRights
from bot.clock import moment
from bot.evaluation import evaluate, evaluate_new
from bot.phrasing import explain
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import UTC_ZONE
from bot.when.errors import Meant, NotClear, NoTime
from bot.when.meant import mean, remind
from bot.when.understanding import is_reminder, is_time
from bot.zones import Zones
from middleware.responder import NothingNamed, NotProposed
from middleware.texts import say, shorten
from middleware.turn import Clock, Reply, Turn
from middleware.usage import UsageError
from storage.payloads import Button
from storage.tables.proposals import Proposal, Proposals

PREFIX = "pr"
KIND = "automation"
AWAITED = "reminder without a time"
"""The kind of a proposal that only lacks its time, which its person is asked for."""
_AWAITED_MS = 10 * 60 * 1000
"""For so long a mere time is taken for the answer."""


@dataclass(frozen=True, slots=True)
class ProposalPress:
    """The answer to a proposal: which of its schedules, by place, or None for a no."""

    proposal_id: str
    choice: int | None

    @property
    def data(self) -> str:
        """`pr:<proposal id>:y` for the first schedule, `:<place>` for a later one, `:n` for none."""
        answer = "n" if self.choice is None else str(self.choice or "y")
        return f"{PREFIX}:{self.proposal_id}:{answer}"

    @classmethod
    def parse(cls, data: str) -> ProposalPress | None:
        """The press that the data stands for; None for one that no button has."""
        proposal_id, _, answer = data.removeprefix(f"{PREFIX}:").rpartition(":")
        if not re.fullmatch("[yn1-9]", answer):
            return None
        return cls(proposal_id, None if answer == "n" else 0 if answer == "y" else int(answer))


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

        It may be a whole request, “remind me …”; then the prompt may be empty. Raises NotProposed for a schedule that
        cannot be read, comes due never or too often, for no text or too long a one, and where the person may not set
        up a job.
        """
        is_request = is_reminder(schedule)
        if not (prompt.strip() or is_request):
            raise NotProposed(say("schedule.no_time.no_thing"))
        return await self._propose(turn, partial(remind if is_request else mean, schedule), prompt.strip())

    async def reminder(self, turn: Turn) -> Reply:
        """The same of a request that says “remind me …”: of its time, and of what is to be done then.

        Raises NothingNamed where there is neither.
        """
        turn.record(self.proposals.await_no_more(turn.user_id, AWAITED))
        try:
            return await self._propose(turn, partial(remind, turn.request), "")
        except NotProposed as error:
            if isinstance(error.__cause__, NoTime) and error.__cause__.thing:
                self._await_time(turn, error.__cause__.thing)
            raise

    async def answered(self, turn: Turn) -> Reply | None:
        """The same where a person says only the time of what they were asked about just now; None for all else.

        Raises NotProposed where it is no time that can be kept; it goes on being asked for.
        """
        now = self._now()
        if not is_time(turn.request, now=now, zone=UTC_ZONE):
            return None
        since_ms = self.clock() - _AWAITED_MS
        awaited = await self.proposals.awaited(turn.user_id, turn.session_id, AWAITED, since_ms=since_ms)
        if awaited is None or awaited.payload.get("topic") != turn.place.topic_id:
            return None
        reply = await self._propose(turn, partial(mean, turn.request), str(awaited.payload["prompt"]))
        turn.record(self.proposals.await_no_more(turn.user_id, AWAITED))
        return reply

    async def ask(self, turn: Turn, choices: Sequence[Meant], prompt: str, job_id: str | None = None) -> Reply:
        """The question which of several schedules is meant, with a button each; of a job, the one that it gets."""
        zone = await self.zones.of(turn.user_id)
        payload = {"choices": [each.schedule.stored() for each in choices], "prompt": prompt}
        proposal = self._proposal(turn, payload if job_id is None else {**payload, "job": job_id})
        turn.record(*self.proposals.add(proposal, now_ms=self.clock()))
        shown = await evaluate(lambda: [texts.choice(each.schedule, zone) for each in choices])
        buttons = tuple((Button(text, ProposalPress(proposal.id, place).data),) for place, text in enumerate(shown))
        text = say("proposal.which", prompt=shorten(prompt, 200), zone=zone.key)
        return Reply(text=text, buttons=(*buttons, (_refuse(proposal.id),)), by="polar")

    def _await_time(self, turn: Turn, thing: str) -> None:
        payload = {"prompt": thing, "topic": turn.place.topic_id}
        proposal = replace(self._proposal(turn, payload), kind=AWAITED)
        turn.record(*self.proposals.add(proposal, now_ms=self.clock()))

    async def _propose(self, turn: Turn, read: Callable[..., Meant], prompt: str) -> Reply:
        zone = await self.zones.of(turn.user_id)
        try:
            check_prompt(prompt)
            if turn.is_bot:
                return Reply(text=say("proposal.bot"), by="polar")
            if not turn.has_rights:
                return Reply(text=say("proposal.anonymous"), by="polar")
            await self.rights.check_creation(turn)
            meant = await evaluate_new(read, zone=zone, now=self._now(), least=self.limits.least)
            check_prompt(prompt or meant.thing)
        except NotClear as error:
            return await self.ask(turn, error.choices, prompt or error.choices[0].thing)
        except NoTime as error:
            raise (NothingNamed if error.why == "no_time" and not error.known else NotProposed)(
                explain(error)
            ) from error
        except (ScheduleError, UsageError) as error:
            raise NotProposed(explain(error)) from error
        return await self._shall_i(turn, meant, prompt or meant.thing, zone)

    async def _shall_i(self, turn: Turn, meant: Meant, prompt: str, zone: ZoneInfo) -> Reply:
        proposal = self._proposal(turn, {"schedule": meant.schedule.stored(), "prompt": prompt})
        turn.record(*self.proposals.add(proposal, now_ms=self.clock()))
        further = await evaluate(texts.further_times, meant.schedule, self.clock(), zone)
        asked = say("proposal.ask", schedule=texts.describe(meant.schedule, zone), prompt=prompt)
        text = texts.lines(asked, further, texts.assumed(meant.assumed))
        create = Button(say("proposal.create"), ProposalPress(proposal.id, 0).data)
        return Reply(text=text, buttons=((create, _refuse(proposal.id)),), by="polar")

    def _proposal(self, turn: Turn, payload: Mapping[str, Any]) -> Proposal:
        return Proposal(
            id=self.new_id()[:16], session_id=turn.session_id, user_id=turn.user_id, kind=KIND, payload=payload
        )

    def _now(self) -> datetime:
        return moment(self.clock())


def schedules_of(proposal: Proposal) -> list[str]:
    """The stored schedules that a proposal offers, in the order of its buttons."""
    choices = proposal.payload.get("choices")
    return [str(each) for each in choices] if isinstance(choices, list) else [str(proposal.payload["schedule"])]


def _refuse(proposal_id: str) -> Button:
    return Button(say("proposal.refuse"), ProposalPress(proposal_id, None).data)
