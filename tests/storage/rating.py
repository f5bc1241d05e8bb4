"""Answers that people rate, written as the bot writes them: in a few lines a test, without a bot."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from storage.database import Database
from storage.ids import session_id_of
from storage.origin import Origin
from storage.statement import Statement
from storage.tables.feedback import FeedbackLedger
from storage.tables.messages import Messages

POLARITIES = {"👍": "positive", "🔥": "positive", "👎": "negative", "💩": "negative", "👀": "neutral"}
BOT = Origin(responder="openai", model="m", personality="p", usd=0.5)


@dataclass(slots=True)
class RatedChat:
    """One chat. Each call takes a second and commits; messages are named by Telegram's number."""

    database: Database
    chat_id: int = 7
    at_ms: int = 1_000_000
    _numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def session_id(self) -> str:
        """Of the chat."""
        return session_id_of(self.chat_id)

    @property
    def thread_key(self) -> str:
        """The whole chat."""
        return f"root:{self.chat_id}"

    async def ask(self, text: str = "How?", *, person: str = "7") -> int:
        """Somebody writes."""
        number = next(self._numbers)
        await self._commit(
            Messages.add_received(
                session_id=self.session_id,
                telegram_message_id=number,
                turn_id=f"update:{number}:{number}",
                thread_key=self.thread_key,
                user_id=person,
                kind="text",
                text=text,
                attachment=None,
                now_ms=self.at_ms,
            )
        )
        return number

    async def say(self, *texts: str, answers: int | None = None, origin: Origin = BOT) -> list[int]:
        """We say something, in so many parts."""
        numbers = [next(self._numbers) for _ in texts]
        for part, (number, text) in enumerate(zip(numbers, texts, strict=True)):
            delivery_id = f"{self.session_id}:{numbers[0]}:0:{part}"
            await self._commit(
                Messages.add_queued(
                    session_id=self.session_id,
                    thread_key=self.thread_key,
                    text=text,
                    origin=origin,
                    delivery_id=delivery_id,
                    answers=answers,
                    now_ms=self.at_ms,
                ),
                *Messages.add_receipt(delivery_id, number, session_id=self.session_id),
            )
        return numbers

    async def answered(self, *, person: str = "7", origin: Origin = BOT, text: str = "So.") -> int:
        """Somebody asks, and gets an answer: its number."""
        [number] = await self.say(text, answers=await self.ask(person=person), origin=origin)
        return number

    async def rate(self, number: int, emoji: str, *, person: str | None = "7", taken_back: bool = False) -> None:
        """Somebody reacts, as Telegram tells of it."""
        await self.note(
            number,
            "reaction_removed" if taken_back else "reaction_added",
            emoji=emoji,
            payload={"actor": person, "via": "reaction", "place": [self.at_ms, 0]},
        )

    async def note(self, number: int, event_type: str, *, emoji: str | None, payload: dict[str, Any]) -> None:
        """An event of the ledger, as it is."""
        await self._commit(
            FeedbackLedger.append_on_message(
                event_id=f"{self.session_id}:{number}:{self.at_ms}",
                event_type=event_type,
                session_id=self.session_id,
                telegram_message_id=number,
                chat_id=self.chat_id,
                emoji=emoji,
                polarity=POLARITIES.get(emoji or "", "neutral"),
                payload=payload,
                now_ms=self.at_ms,
            )
        )

    async def _commit(self, *statements: Statement) -> None:
        await self.database.commit(*statements)
        self.at_ms += 1000
