"""The Bot API calls that the delivery queue makes, from payload to request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageEntity, ReplyParameters
from telegram.error import NetworkError, TelegramError

from middleware.replies.outbox import duplicate_mark
from middleware.replies.splitting import utf16_length
from storage.ids import chat_id_of
from storage.payloads import (
    AnswerCallbackQuery,
    Buttons,
    DeleteMessage,
    EditMessageText,
    Entity,
    Said,
    SendDocument,
    SendMessage,
    UnknownPayload,
)
from storage.tables.deliveries import Delivery

UPLOAD_S = 120
"""The longest time that writing a document may take, in seconds."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Telegram's ids of a new message and of its chat."""

    message_id: int
    chat_id: int


class Calls:
    """Makes calls by what kind a payload is; raises TelegramError."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def make(self, delivery: Delivery, message_id: int | None = None) -> Receipt | None:
        """One call, on the message with this id where it is about one that was sent before; None without a new one.

        An answer that cannot be read is a NetworkError: the call may have had its effect.
        """
        try:
            return await self._make(delivery, message_id)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NetworkError(f"the answer could not be read: {type(error).__name__}") from error

    async def _make(self, delivery: Delivery, message_id: int | None) -> Receipt | None:
        chat_id, mark = chat_id_of(delivery.session_id), duplicate_mark() if delivery.ambiguous else ""
        match delivery.payload:
            case SendMessage() as message:
                return await self._send_message(chat_id, message, mark)
            case SendDocument() as document:
                return await self._send_document(chat_id, document, mark)
            case EditMessageText() as edit:
                await self._edit_message_text(chat_id, message_id, edit)
            case DeleteMessage():
                await self._bot.delete_message(chat_id, message_id or 0)
            case AnswerCallbackQuery(query_id=query_id, text=text):
                await self._bot.answer_callback_query(query_id, text=text or None)
            case UnknownPayload(why):
                raise TelegramError(str(why))
        return None

    async def _send_message(self, chat_id: int, payload: SendMessage, mark: str) -> Receipt:
        message = await self._bot.send_message(
            chat_id,
            mark + payload.text,
            entities=_entities(payload.entities, utf16_length(mark)),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            **_context(payload),
        )
        return Receipt(message.message_id, message.chat.id)

    async def _send_document(self, chat_id: int, payload: SendDocument, mark: str) -> Receipt:
        message = await self._bot.send_document(
            chat_id,
            payload.content.encode(),
            caption=(mark + payload.text).strip() or None,
            caption_entities=_entities(payload.entities, utf16_length(mark)),
            filename=payload.name,
            write_timeout=UPLOAD_S,
            **_context(payload),
        )
        return Receipt(message.message_id, message.chat.id)

    async def _edit_message_text(self, chat_id: int, message_id: int | None, payload: EditMessageText) -> None:
        """Without a mark, as doing it twice is doing it once."""
        await self._bot.edit_message_text(
            payload.text,
            chat_id,
            message_id,
            entities=_entities(payload.entities, 0),
            reply_markup=_keyboard(payload.buttons),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )

    async def probe(self) -> bool:
        """Whether the Bot API answers at all."""
        try:
            await self._bot.get_me()
        except TelegramError:
            return False
        return True


def _context(payload: Said) -> dict[str, Any]:
    """Where a new message goes, and how."""
    reply = None
    if payload.reply_to is not None:
        reply = ReplyParameters(payload.reply_to, allow_sending_without_reply=True)
    return {
        "message_thread_id": payload.topic_id,
        "reply_parameters": reply,
        "reply_markup": _keyboard(payload.buttons),
        "disable_notification": payload.silent or None,
    }


def _entities(entities: tuple[Entity, ...], shift: int) -> list[MessageEntity] | None:
    """The entities of a text that stands behind `shift` UTF-16 units of another."""
    moved = [MessageEntity(**entity.to_json() | {"offset": entity.offset + shift}) for entity in entities]
    return moved or None


def _keyboard(buttons: Buttons) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(button.text, callback_data=button.data) for button in row] for row in buttons]
    )
