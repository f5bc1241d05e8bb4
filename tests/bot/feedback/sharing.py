"""Conversations that are rated, and what becomes of them in files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.feedback.card import MadeDataset
from bot.feedback.making import Asked, make
from bot.feedback.pseudonyms import Pseudonyms
from storage.database import Database
from storage.erasure import Erasure
from storage.ids import session_id_of
from storage.origin import Origin, fingerprint
from storage.statement import Statement
from storage.tables.keys import PERSONALITY, Keys
from storage.tables.shares import Shares
from tests.storage.rating import BOT, RatedChat


@dataclass(slots=True)
class Talk:
    """What is said in some chats, one after another, and files that are made of it in a folder."""

    database: Database
    folder: Path
    chats: dict[int, RatedChat] = field(default_factory=dict)
    at_ms: int = 1_000_000

    def chat(self, chat_id: int = 7) -> RatedChat:
        """A chat, whose next call is later than all before."""
        chat = self.chats.setdefault(chat_id, RatedChat(self.database, chat_id=chat_id))
        self.at_ms = chat.at_ms = max(self.at_ms, *(each.at_ms for each in self.chats.values()))
        return chat

    async def share(self, *people: str, is_shared: bool = True) -> None:
        """People say on, or off."""
        self.at_ms += 1
        await self.database.commit(*(Shares.set(person, is_shared, now_ms=self.at_ms) for person in people))

    async def ask(
        self, text: str = "How?", *, chat: int = 7, person: str = "7", answer: str = "So.", before: Sequence[int] = ()
    ) -> int:
        """Somebody asks and is answered, after these messages of the chat: the number of the answer."""
        question = await self.chat(chat).ask(text, person=person)
        return await self.answer(answer, question, chat=chat, before=before)

    async def answer(
        self, text: str, question: int | None, *, chat: int = 7, before: Sequence[int] = (), **changes: Any
    ) -> int:
        """An answer, made after these messages."""
        origin = replace(await self.origin(chat, before), **changes)
        [number] = await self.chat(chat).say(text, answers=question, origin=origin)
        return number

    async def origin(self, chat: int, before: Sequence[int] = (), personality: str = "") -> Origin:
        """Of an answer made after these messages of a chat, with this text."""
        sequences = [await self.sequence(chat, number) for number in before]
        return replace(BOT, history=tuple(sequences), personality=await self.print_of(personality))

    async def print_of(self, personality: str) -> str:
        """The fingerprint of a text."""
        key = await Keys(self.database).find(PERSONALITY)
        assert key is not None
        return fingerprint(key, personality)

    async def sequence(self, chat: int, number: int) -> int:
        """That of a message."""
        row = await self.database.look_up_one(
            "SELECT sequence FROM polar_messages WHERE sessionId = ? AND telegramMessageId = ?",
            (session_id_of(chat), number),
        )
        assert row is not None
        return int(row[0])

    async def rate(self, number: int, emoji: str = "👍", *, chat: int = 7, person: str = "7") -> None:
        """Somebody reacts."""
        await self.chat(chat).rate(number, emoji, person=person)

    async def forget(self, person: str) -> None:
        """Somebody says /forget me."""
        self.at_ms += 1
        await self.database.commit(*Erasure(self.database).of(person, now_ms=self.at_ms))

    async def change(self, sql: str, *params: Any) -> None:
        """Something else is written."""
        await self.database.commit(Statement(sql, params))

    async def make(self, *forms: str, out: str = "out", fresh_key: str = "", **asked: Any) -> MadeDataset:
        """The files."""
        names = Pseudonyms(fresh_key or "key", is_fresh=bool(fresh_key))
        return await make(self.database, names, Asked(forms=forms or ("kto",), out=self.folder / out, **asked))

    def lines(self, name: str, out: str = "out") -> list[dict[str, Any]]:
        """The lines of a file."""
        return read_lines(self.folder / out / name)

    def written(self, out: str = "out") -> bytes:
        """All bytes of all files."""
        return b"".join(path.read_bytes() for path in sorted((self.folder / out).iterdir()))

    def manifest(self, out: str = "out") -> Any:
        """The manifest, read."""
        return json.loads((self.folder / out / "manifest.json").read_text())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file, read; none where there is no such file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
