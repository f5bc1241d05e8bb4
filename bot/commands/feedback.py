"""/feedback: what people thought of what we said here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from bot.clock import moment
from middleware.commands import Command
from middleware.texts import say, shorten
from middleware.turn import Clock, Outcome, Turn
from middleware.usage import anonymous, unknown_form
from storage.tables.experiments import Experiment
from storage.tables.shares import Shares
from storage.totals import Totals
from storage.views.chat_feedback import ChatFeedback, FeedbackEvent, Grouping
from storage.views.feedback_summary import MOST_EVENTS, FeedbackSummaries, FeedbackSummary, RatedReply

SHOWN = 10
SUMMARY_DAYS = 30
DAY_MS = 86_400_000
SNIPPET = 80
_GROUPINGS: dict[str, Grouping] = {
    "day": "day",
    "message": "message",
    "automation": "automation",
    "profile": "profile",
}
_CHOICES = {"": None, "on": True, "off": False}
_SIGNS = {"reaction_added": "+", "reaction_removed": "−", "reaction_count": "="}


@dataclass(frozen=True, slots=True)
class FeedbackCommands:
    """The ledger of this chat."""

    feedback: ChatFeedback
    summaries: FeedbackSummaries
    shares: Shares
    experiment: Callable[[], Awaitable[Experiment | None]]
    """The one that runs."""
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (Command(name="feedback", handler=self.run),)

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """The newest events behind the totals, the totals of each of something, or a summary of a month."""
        match argument.lower():
            case "" | "recent":
                return await self._recent(turn)
            case "summary":
                return await self._summary(turn)
        verb, _, choice = argument.lower().partition(" ")
        if verb == "share":
            return await self._share(turn, choice.strip())
        grouping = _GROUPINGS.get(argument.lower().removeprefix("by ").strip())
        if grouping is None:
            raise unknown_form(argument)
        groups = await self.feedback.totals_by(turn.session_id, grouping, limit=SHOWN)
        if not groups:
            return Outcome.answer(say(f"feedback.none_by.{grouping}"))
        lines = (say("feedback.group", label=label, totals=_told(totals)) for label, totals in groups)
        return Outcome.answer("\n".join(lines))

    async def _share(self, turn: Turn, choice: str) -> Outcome:
        """What somebody has said about examples of their words, or says now; only a person can."""
        if not turn.has_rights:
            return anonymous()
        if choice not in _CHOICES:
            raise unknown_form(f"share {choice}")
        is_shared = _CHOICES[choice]
        if is_shared is None:
            is_shared = await self.shares.find(turn.user_id)
        else:
            turn.record(self.shares.set(turn.user_id, is_shared, now_ms=self.clock()))
        key = "unset" if is_shared is None else "on" if is_shared else "off"
        return Outcome.answer(say(f"feedback.share.{key}", meaning=say("feedback.share.meaning")))

    async def _recent(self, turn: Turn) -> Outcome:
        events = await self.feedback.list_recent(turn.session_id, limit=SHOWN)
        totals = await self.feedback.totals(turn.session_id)
        none = not events and totals == Totals()
        lines = [say("feedback.none")] if none else [_told(totals), *(_line(event) for event in events)]
        experiment = await self.experiment()
        told = [say("feedback.experiment", name=experiment.name)] if experiment is not None else []
        return Outcome.answer("\n".join([*lines, *told]))

    async def _summary(self, turn: Turn) -> Outcome:
        since_ms = self.clock() - SUMMARY_DAYS * DAY_MS
        summary = await self.summaries.of(turn.session_id, since_ms=since_ms)
        if not summary.events:
            return Outcome.answer(say("summary.none", days=SUMMARY_DAYS))
        return Outcome.answer("\n".join(_summed_up(summary)))


def _told(totals: Totals) -> str:
    return say("feedback.totals", positive=totals.positive, negative=totals.negative, neutral=totals.neutral)


def _line(event: FeedbackEvent) -> str:
    at = f"{moment(event.created_at_ms):%m-%d %H:%M}"
    what = event.emoji or "".join(f"{total['emoji']} {total['count']} " for total in event.payload.get("totals", ()))
    key = "feedback.event_button" if event.payload.get("via") == "button" else "feedback.event"
    sign = _SIGNS.get(event.type, "")
    return say(key, sign=sign, what=what or say("feedback.custom_emoji"), message=event.message_id, at=at)


def _summed_up(summary: FeedbackSummary) -> Iterator[str]:
    yield say("summary.title", days=SUMMARY_DAYS, totals=_told(summary.totals))
    if summary.events >= MOST_EVENTS:
        yield say("summary.cut", most=MOST_EVENTS)
    if summary.emoji:
        yield say("summary.emoji", emoji=", ".join(f"{emoji} {count}" for emoji, count in summary.emoji))
    if summary.best:
        yield from (say("summary.best"), *_replies(summary.best))
    if summary.worst:
        yield from (say("summary.worst"), *_replies(summary.worst))
    if summary.automations:
        yield say("summary.automations")
        yield from (say("summary.automation", id=job, totals=_told(totals)) for job, totals in summary.automations)


def _replies(replies: Iterable[RatedReply]) -> Iterator[str]:
    for reply in replies:
        counts = {"positive": reply.positive, "negative": reply.negative}
        if reply.snippet.strip():
            yield say("summary.reply", **counts, snippet=shorten(reply.snippet, SNIPPET))
        else:
            yield say("summary.reply_gone", **counts, message=reply.message_id)
