"""Keeps the conversation: what people write, what they edit, and where a chat has moved."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.turn import CallNext, Clock, Incoming, Outcome, Turn
from storage.chats import Chats
from storage.deliveries import session_id_of
from storage.jobs import Jobs
from storage.messages import Messages


@dataclass(frozen=True, slots=True)
class Session:
    """Records the incoming message, or the edit of one, before anybody answers it."""

    messages: Messages
    chats: Chats
    jobs: Jobs
    clock: Clock

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Moves and removals end here; everything else goes on."""
        if turn.migrated_to is not None:
            return self._migrate(turn, turn.migrated_to)
        if turn.kind == "membership":
            return self._change_membership(turn)
        for incoming in turn.messages:
            self._keep(turn, incoming)
        return await call_next(turn)

    def _keep(self, turn: Turn, incoming: Incoming) -> None:
        if turn.kind == "edited_message":
            turn.record(
                *self.messages.revise(
                    session_id=turn.session_id,
                    telegram_message_id=incoming.telegram_message_id,
                    text=incoming.text,
                    attachment=incoming.attachment,
                    now_ms=turn.received_at_ms,
                )
            )
            return
        turn.record(
            self.messages.add_received(
                session_id=turn.session_id,
                telegram_message_id=incoming.telegram_message_id,
                thread_key=turn.place.thread_key,
                user_id=turn.user_id,
                kind=incoming.kind,
                text=incoming.text,
                attachment=incoming.attachment,
                now_ms=turn.received_at_ms,
            )
        )

    def _migrate(self, turn: Turn, chat_id: int) -> Outcome:
        turn.record(*self.chats.migrate(turn.session_id, session_id_of(chat_id), now_ms=self.clock()))
        return Outcome(status="recorded", reason="chat migrated")

    def _change_membership(self, turn: Turn) -> Outcome:
        if turn.removed:
            turn.record(*self.jobs.pause_session(turn.session_id, now_ms=self.clock()))
        return Outcome(status="recorded", reason="removed" if turn.removed else None)
