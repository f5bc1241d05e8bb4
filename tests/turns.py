"""Turns that never came from Telegram, for what decides by a turn alone."""

from __future__ import annotations

from typing import Any

from middleware.incoming import Incoming
from middleware.turn import Context, Place, Source, Turn
from storage.origin import UNKNOWN
from storage.tables.messages import Message


def turn_of(*texts: str, name: str = "Ann", context: Context | None = None, **fields: Any) -> Turn:
    """A turn of these messages, in a private chat."""
    messages = [Incoming(telegram_message_id=n, kind="text", text=text) for n, text in enumerate(texts)]
    return Turn(
        id="update:1:1",
        kind="message",
        place=fields.pop("place", Place(chat_id=5, chat_type="private")),
        user_id="5",
        user_name=name,
        received_at_ms=0,
        source=Source(opening=(), failing=lambda reason: (), is_last_try=False),
        earlier=tuple(messages[:-1]),
        incoming=fields.pop("incoming", messages[-1] if messages else None),
        context=context or Context(),
        **fields,
    )


def stored(text: str, role: str = "user", *, user_id: str = "5", **fields: Any) -> Message:
    """An earlier message; `number` is its Telegram id, and its place in order."""
    number = fields.pop("number", None)
    return Message(
        sequence=number or 1,
        session_id="telegram:chat:5",
        message_id=None,
        role=role,
        telegram_message_id=number,
        thread_key=fields.pop("thread_key", "root:5"),
        user_id=user_id if role == "user" else None,
        kind=fields.pop("kind", "text"),
        text=text,
        attachment=fields.pop("attachment", None),
        origin=fields.pop("origin", UNKNOWN),
        created_at_ms=0,
    )
