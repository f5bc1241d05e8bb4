"""Reactions and 👍/👎 presses become events of the append-only ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from middleware.buckets import Buckets
from middleware.failures import MiddlewareError
from middleware.incoming import Press, ReactionChange, Reactions
from middleware.polarity import PolarityTable
from middleware.presses import stale
from middleware.rate_limit import RateLimit
from middleware.texts import say
from middleware.turn import RECORDED, CallNext, Clock, Kind, Outcome, Reply, Toast, Turn
from storage.ids import THUMB_DOWN, THUMB_UP, event_id
from storage.statement import Statement
from storage.tables.custom_emoji import CustomEmoji
from storage.tables.feedback import FeedbackLedger
from storage.tables.messages import Message, Messages

STAR = "⭐"
SAID = frozenset({"positive", "negative"})
_THUMBS = {THUMB_UP: "👍", THUMB_DOWN: "👎"}

Describe = Callable[[str], Awaitable[str | None]]
"""The standard emoji of a custom one, as Telegram tells: an emoji, '' for nothing known, None for no answer."""


class EmojiUntold(MiddlewareError):
    """Telegram did not answer what a custom emoji stands for."""


Settle = Callable[[str, int], Awaitable[None]]
"""Waits shortly when a message of a session may be one that is being sent, without a receipt yet."""
OnDislike = Callable[[Turn, Message], Awaitable[tuple[Reply, ...]]]
"""The replies to a negative reaction to a message of ours; called before that is recorded."""


@dataclass(frozen=True, slots=True)
class InPlace:
    """What is said in place of what a delivery of ours has sent, which asked for a reaction to it."""

    delivery_id: str
    reply: Reply


OnReaction = Callable[[Turn, Reactions], Awaitable[InPlace | None]]
"""What stands from now on in place of the message that a reaction is to; None for all that asked for none."""


OnRating = Callable[[Turn, int, str], Awaitable[tuple[Statement, ...]]]
"""What follows from it that a message of a session was liked, or not: the statements besides the event's."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Records each difference as one event, on the message that it concerns, with its polarity."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"reaction", "button"})

    feedback: FeedbackLedger
    messages: Messages
    custom_emoji: CustomEmoji
    polarity: PolarityTable
    describe: Describe
    settle: Settle
    on_dislike: tuple[OnDislike, ...]
    on_reaction: OnReaction
    on_rating: OnRating
    limit: RateLimit
    """A reaction that asks something counts as a message does."""
    questions: Buckets
    """The questions to Telegram about custom emoji, by who gives them."""
    clock: Clock

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Reactions and thumbs end here; other presses go on."""
        if turn.reactions is not None:
            return await self._record_reactions(turn, turn.reactions)
        if turn.press is not None and turn.press.data in _THUMBS:
            return await self._record_press(turn, turn.press)
        return await call_next(turn)

    async def _record_reactions(self, turn: Turn, reactions: Reactions) -> Outcome:
        # A reaction may overtake the receipt of the message that it concerns.
        await self.settle(turn.session_id, reactions.telegram_message_id)
        added: set[str] = set()
        for position, change in enumerate(reactions.changes):
            polarity = await self._record_change(turn, reactions, position, change)
            added |= {polarity} if change.event_type == "reaction_added" else set()
        await self._rate(turn, reactions.telegram_message_id, added)
        disliked = "negative" in added
        if reactions.totals is not None:
            payload = {
                "totals": [{"emoji": total.emoji, "count": total.count} for total in reactions.totals],
                "via": "reaction",
            }
            self._append(turn, 0, "reaction_count", reactions.telegram_message_id, None, "neutral", payload)
        if disliked and turn.is_retried:
            disliked = not await self._is_overtaken(turn, reactions)
        message = await self.messages.find(turn.session_id, reactions.telegram_message_id) if disliked else None
        offer = await self._act(turn, message)
        instead = await self.on_reaction(turn, reactions)
        if not (offer or instead) or not await self.limit.allows(turn):
            return RECORDED
        if instead is None:
            return Outcome(status="recorded", replies=offer)
        turn.replaces = (instead.delivery_id,)
        return Outcome(status="recorded", replies=(instead.reply, *offer))

    async def _rate(self, turn: Turn, telegram_message_id: int, added: Collection[str]) -> None:
        """What a reaction or a press says, where it says one thing only."""
        said = SAID.intersection(added)
        if len(said) == 1:
            turn.record(*await self.on_rating(turn, telegram_message_id, *said))

    async def _is_overtaken(self, turn: Turn, reactions: Reactions) -> bool:
        """True if the same person has reacted anew since, so that nothing follows from this any more."""
        message_id, actor, date = reactions.telegram_message_id, reactions.actor, reactions.date
        if actor is None or date is None:
            return False
        return await self.feedback.has_newer(turn.session_id, message_id, actor, date)

    async def _act(self, turn: Turn, message: Message | None) -> tuple[Reply, ...]:
        """The replies to a dislike of this message, if it is one of ours."""
        if message is None or message.role != "assistant":
            return ()
        return tuple([reply for offer in self.on_dislike for reply in await offer(turn, message)])

    async def _record_change(self, turn: Turn, reactions: Reactions, position: int, change: ReactionChange) -> str:
        """Its polarity."""
        payload: dict[str, Any] = {"actor": reactions.actor, "via": "reaction"}
        if reactions.date is not None:
            payload["date"] = reactions.date
        emoji = change.emoji
        if change.paid:
            emoji = STAR
            payload["paid"] = True
        elif change.custom_emoji_id is not None:
            emoji = await self._standard_emoji(turn, change.custom_emoji_id)
            payload["customEmojiId"] = change.custom_emoji_id
        elif change.unknown_type is not None:
            payload["reactionType"] = change.unknown_type
        polarity = "positive" if change.paid else self.polarity.of(emoji or "")
        self._append(turn, position, change.event_type, reactions.telegram_message_id, emoji, polarity, payload)
        return polarity

    async def _standard_emoji(self, turn: Turn, custom_emoji_id: str) -> str | None:
        """The emoji that it stands for, if any; the answer is kept, and without one the reaction is tried again.

        Nobody is asked about more of one person's than a few a minute: beyond them a reaction stands for none.
        """
        if (known := await self.custom_emoji.find(custom_emoji_id, now_ms=self.clock())) is not None:
            return known or None
        if turn.attempt == 1 and not await self.questions.take(turn.user_id):
            return None
        told = await self.describe(custom_emoji_id)
        if told is None and not turn.source.is_last_try:
            raise EmojiUntold
        if told is not None:
            turn.record(self.custom_emoji.add(custom_emoji_id, told, now_ms=self.clock()))
        return told or None

    async def _record_press(self, turn: Turn, press: Press) -> Outcome:
        message_id = press.telegram_message_id
        if message_id is not None:
            await self.settle(turn.session_id, message_id)
        message = await self.messages.find(turn.session_id, message_id) if message_id is not None else None
        if message is None or message_id is None or message.role != "assistant":
            return stale(press)
        emoji = _THUMBS[press.data]
        chosen = await self.feedback.list_chosen(turn.session_id, message_id, turn.user_id)
        payload = {"actor": turn.user_id, "via": "button"}
        changes: list[tuple[Literal["reaction_added", "reaction_removed"], str]]
        changes = [("reaction_removed", former) for former in chosen if former in _THUMBS.values()]
        if emoji not in chosen:
            changes.append(("reaction_added", emoji))
        for position, (event_type, changed) in enumerate(changes):
            self._append(turn, position, event_type, message_id, changed, self.polarity.of(changed), payload)
        text = say("feedback.taken_back" if emoji in chosen else "feedback.noted", emoji=emoji)
        added = [self.polarity.of(emoji)] if emoji not in chosen else []
        await self._rate(turn, message_id, added)
        disliked = "negative" in added
        offer = await self._act(turn, message if disliked else None)
        return Outcome(status="recorded", replies=(Toast(press.query_id, text), *offer))

    def _append(
        self,
        turn: Turn,
        position: int,
        event_type: str,
        telegram_message_id: int,
        emoji: str | None,
        polarity: str,
        payload: Mapping[str, Any],
    ) -> None:
        turn.record(
            self.feedback.append_on_message(
                event_id=event_id(turn.id, position, at_ms=turn.received_at_ms),
                event_type=event_type,
                session_id=turn.session_id,
                telegram_message_id=telegram_message_id,
                chat_id=turn.place.chat_id,
                emoji=emoji,
                polarity=polarity,
                payload={**payload, "telegramMessageId": telegram_message_id, **turn.place_in_order(position)},
                now_ms=turn.received_at_ms,
            )
        )
