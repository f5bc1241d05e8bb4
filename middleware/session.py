"""Keeps the conversation: what people write, what they edit, and where a chat has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from middleware.facts import Facts
from middleware.incoming import Incoming, was_command
from middleware.rate_limit import RateLimit
from middleware.said import as_said, whole
from middleware.turn import CallNext, Clock, Kind, Outcome, Turn
from storage.ids import session_id_of
from storage.parts import OTHERS, REPLIED_CONTACT, REPLIED_TO, Part
from storage.tables.chats import Chats
from storage.tables.jobs import Jobs
from storage.tables.message_parts import MessageParts
from storage.tables.messages import Message, Messages

RENEWED_FOR_MS = 120_000
"""The time after a message was received within which an edit of it gets a new answer."""
_MOVING = ("location", "venue")
"""Of what is sent for a while, Telegram says each step as an edit, which nobody asks about."""


@dataclass(frozen=True, slots=True)
class Session:
    """Records the incoming messages, or the edit of one, before anybody answers."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"message", "edited_message", "command", "membership", "migration"})

    messages: Messages
    parts: MessageParts
    clock: Clock
    limit: RateLimit
    """An edit that changes something counts as a message does."""
    facts: Facts

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Moves and removals end here; everything else goes on."""
        if turn.migrated_to is not None:
            return self._migrate(turn, turn.migrated_to)
        if turn.kind == "membership":
            return self._change_membership(turn)
        if turn.kind == "edited_message" and turn.incoming is not None:
            return await self._edit(turn, turn.incoming, call_next)
        for incoming in turn.messages:
            self._keep(turn, incoming)
            if incoming.parts:
                await self._keep_parts(turn, incoming)
        return await call_next(turn)

    async def _keep_parts(self, turn: Turn, incoming: Incoming) -> None:
        """Of what it replies to only what is not stored here already."""
        parts, replied_id = incoming.parts, turn.place.replied_id
        others = tuple(part for part in parts if not _is_replied(part))
        if replied_id is not None and others != parts and await self._is_stored(turn, replied_id):
            parts = others
        turn.record(
            *self.parts.add(
                turn.session_id,
                incoming.telegram_message_id,
                parts,
                sequence=turn.sequence,
                now_ms=turn.received_at_ms,
            )
        )

    async def _is_stored(self, turn: Turn, telegram_message_id: int) -> bool:
        return await self.messages.find(turn.session_id, telegram_message_id) is not None

    def _keep(self, turn: Turn, incoming: Incoming) -> None:
        turn.record(
            self.messages.add_received(
                session_id=turn.session_id,
                telegram_message_id=incoming.telegram_message_id,
                turn_id=turn.id,
                thread_key=turn.place.thread_key,
                user_id=turn.user_id,
                kind=incoming.kind,
                text=incoming.text,
                attachment=incoming.attachment,
                now_ms=turn.received_at_ms,
            )
        )

    async def _edit(self, turn: Turn, edited: Incoming, call_next: CallNext) -> Outcome:
        """Keep what an edit changed, and answer that anew where it is time.

        An edit that comes with a first reaction often changes nothing, and then does nothing. Beyond the limit what is
        stored is what the message says now all the same, but no former text is kept.
        """
        stored = await self.messages.find(turn.session_id, edited.telegram_message_id)
        if stored is None or stored.role != "user":
            return await call_next(turn)
        if _is_erased(stored):  # any edit, one that came with a reaction too, would bring it back
            return Outcome(status="ignored", reason="erased")
        is_same_thing = edited.kind in _MOVING or _lasting(edited.attachment) == _lasting(stored.attachment)
        stored = (await whole(self.parts, [stored]))[0]
        has_same_parts = _own(edited.parts) == _own(stored.parts)
        if edited.text == stored.text and is_same_thing and has_same_parts:
            return await call_next(turn)
        turn.former = stored.text
        turn.record(*self.facts.revised(turn, edited, stored))
        refusal = await self.limit.refusal(turn)
        turn.record(
            *self.messages.revise(
                session_id=turn.session_id,
                telegram_message_id=edited.telegram_message_id,
                text=edited.text,
                attachment=stored.attachment if is_same_thing else edited.attachment,
                edit_date=edited.edit_date,
                now_ms=turn.received_at_ms,
                keeps_former=refusal is None,
            )
        )
        if not has_same_parts and not edited.is_older_than(stored.edit_date):
            turn.record(
                *self.parts.replace_own(
                    turn.session_id,
                    edited.telegram_message_id,
                    edited.parts,
                    sequence=turn.sequence,
                    now_ms=turn.received_at_ms,
                )
            )
        if refusal is not None:
            return refusal
        if _is_answered_anew(turn, edited, stored):
            await self._ask_again(turn, edited, stored)
        return await call_next(turn)

    async def _ask_again(self, turn: Turn, edited: Incoming, stored: Message) -> None:
        """Make the turn again that the message was part of, with its new text, to answer in place of the old one."""
        together = await whole(self.parts, await self.messages.list_turn(stored))
        messages = [edited if other.sequence == stored.sequence else as_said(other) for other in together]
        last = messages[-1].telegram_message_id
        answers = await self.messages.list_answers(turn.session_id, last)
        sent = [(answer.delivery_id, answer.kind) for answer in answers if answer.delivery_id is not None]
        turn.renew(messages, replaces=(delivery_id for delivery_id, kind in sent if kind == "text"))
        turn.discards = tuple(delivery_id for delivery_id, kind in sent if kind != "text")

    def _migrate(self, turn: Turn, chat_id: int) -> Outcome:
        turn.record(*Chats.migrate(turn.session_id, session_id_of(chat_id), now_ms=self.clock()))
        return Outcome(status="recorded", reason="chat migrated")

    def _change_membership(self, turn: Turn) -> Outcome:
        if turn.removed:
            turn.record(*Jobs.pause_session(turn.session_id, now_ms=self.clock()))
        if turn.left is not None:
            turn.record(*Jobs.pause_of(turn.left, "left", session_id=turn.session_id, now_ms=self.clock()))
        return Outcome(status="recorded", reason="removed" if turn.removed else None)


def _is_erased(stored: Message) -> bool:
    return not stored.text and stored.attachment is None and stored.kind != "service"


def _is_answered_anew(turn: Turn, edited: Incoming, stored: Message) -> bool:
    """True if an edit of this message is one that somebody waits for an answer to."""
    if edited.is_older_than(stored.edit_date):
        return False
    is_recent = abs(turn.received_at_ms - stored.created_at_ms) <= RENEWED_FOR_MS
    return is_recent and edited.addressed and not was_command(stored.text)


def _is_replied(part: Part) -> bool:
    """True for what is said by the message that this one replies to, or is in there."""
    return part.kind in (REPLIED_TO, REPLIED_CONTACT)


def _own(parts: tuple[Part, ...]) -> list[Part]:
    """Those that an edit can change."""
    return [part for part in parts if part.kind not in OTHERS]


def _lasting(attachment: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The part of a reference that stays as long as the file does: Telegram may name it by another id each time."""
    if attachment is None or "uniqueId" not in attachment:
        return attachment
    return {key: value for key, value in attachment.items() if key != "fileId"}
