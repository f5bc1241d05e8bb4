"""The Bot API calls that the delivery queue makes, from payload to request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageEntity, ReplyParameters
from telegram.error import NetworkError, TelegramError

from middleware.replies.outbox import duplicate_mark
from middleware.replies.splitting import utf16_length
from storage.tables.deliveries import Delivery, chat_id_of

Receipt = tuple[int | None, int | None]
"""Message id and chat id of what was sent; None for calls that make no message."""
NOTHING: Receipt = (None, None)
UPLOAD_S = 120
"""How long writing a document may take."""


class Calls:
    """Makes calls by the method that a payload names; raises TelegramError."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def make(self, delivery: Delivery, message_id: int | None = None) -> Receipt:
        """One call, on the message with this id where it is about one that was sent before.

        An answer that cannot be read is a NetworkError: the call may have had its effect.
        """
        try:
            return await self._make(delivery, message_id)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NetworkError(f"the answer could not be read: {type(error).__name__}") from error

    async def _make(self, delivery: Delivery, message_id: int | None) -> Receipt:
        match delivery.payload["method"]:
            case "sendMessage":
                return await self._send_message(delivery)
            case "sendDocument":
                return await self._send_document(delivery)
            case "editMessageText":
                return await self._edit_message_text(delivery, message_id)
            case "deleteMessage":
                await self._bot.delete_message(chat_id_of(delivery.session_id), message_id or 0)
                return NOTHING
            case "answerCallbackQuery":
                payload = delivery.payload
                await self._bot.answer_callback_query(payload["queryId"], text=payload["text"] or None)
                return NOTHING
            case method:
                raise TelegramError(f"the queue holds a call that this version does not know: {method}")

    async def _send_message(self, delivery: Delivery) -> Receipt:
        mark = duplicate_mark() if delivery.ambiguous else ""
        message = await self._bot.send_message(
            chat_id_of(delivery.session_id),
            mark + delivery.payload["text"],
            entities=_entities(delivery.payload, utf16_length(mark)),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            **_context(delivery.payload),
        )
        return message.message_id, message.chat.id

    async def _send_document(self, delivery: Delivery) -> Receipt:
        payload, mark = delivery.payload, duplicate_mark() if delivery.ambiguous else ""
        message = await self._bot.send_document(
            chat_id_of(delivery.session_id),
            payload["content"].encode(),
            caption=(mark + payload["text"]).strip() or None,
            caption_entities=_entities(payload, utf16_length(mark)),
            filename=payload["name"],
            write_timeout=UPLOAD_S,
            **_context(payload),
        )
        return message.message_id, message.chat.id

    async def _edit_message_text(self, delivery: Delivery, message_id: int | None) -> Receipt:
        """Without a mark, as doing it twice is doing it once."""
        await self._bot.edit_message_text(
            delivery.payload["text"],
            chat_id_of(delivery.session_id),
            message_id,
            entities=_entities(delivery.payload, 0),
            reply_markup=_keyboard(delivery.payload),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        return NOTHING

    async def probe(self) -> bool:
        """Whether the Bot API answers at all."""
        try:
            await self._bot.get_me()
        except TelegramError:
            return False
        return True


def _context(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Where a new message goes, and how."""
    reply = None
    if "replyTo" in payload:
        reply = ReplyParameters(payload["replyTo"], allow_sending_without_reply=True)
    return {
        "message_thread_id": payload.get("topicId"),
        "reply_parameters": reply,
        "reply_markup": _keyboard(payload),
        "disable_notification": payload.get("silent"),
    }


def _entities(payload: Mapping[str, Any], shift: int) -> list[MessageEntity] | None:
    """The entities of a text that stands behind `shift` UTF-16 units of another."""
    if "entities" not in payload:
        return None
    return [MessageEntity(**{**entity, "offset": entity["offset"] + shift}) for entity in payload["entities"]]


def _keyboard(payload: Mapping[str, Any]) -> InlineKeyboardMarkup | None:
    if "buttons" not in payload:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in payload["buttons"]]
    )
