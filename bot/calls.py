"""The Bot API calls that the delivery queue makes, from payload to request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.error import NetworkError, TelegramError

from middleware.outbox import DUPLICATE_MARK
from storage.deliveries import Delivery, chat_id_of

Receipt = tuple[int | None, int | None]
"""Message id and chat id of what was sent; None for calls that make no message."""


class Calls:
    """Makes calls by the method that a payload names; raises TelegramError."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def make(self, delivery: Delivery) -> Receipt:
        """One call. An answer that cannot be read is a NetworkError: the call may have had its effect."""
        try:
            return await self._make(delivery)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NetworkError(f"the answer could not be read: {type(error).__name__}") from error

    async def _make(self, delivery: Delivery) -> Receipt:
        match delivery.payload["method"]:
            case "sendMessage":
                return await self._send_message(delivery)
            case "answerCallbackQuery":
                payload = delivery.payload
                await self._bot.answer_callback_query(payload["queryId"], text=payload["text"] or None)
                return None, None
            case method:
                raise TelegramError(f"the queue holds a call that this version does not know: {method}")

    async def _send_message(self, delivery: Delivery) -> Receipt:
        payload = delivery.payload
        chat_id = chat_id_of(delivery.session_id)
        reply = None
        if "replyTo" in payload:
            reply = ReplyParameters(payload["replyTo"], allow_sending_without_reply=True)
        message = await self._bot.send_message(
            chat_id,
            (DUPLICATE_MARK if delivery.ambiguous else "") + payload["text"],
            message_thread_id=payload.get("topicId"),
            reply_parameters=reply,
            reply_markup=_keyboard(payload),
            disable_notification=payload.get("silent"),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        return message.message_id, message.chat.id

    async def probe(self) -> bool:
        """Whether the Bot API answers at all."""
        try:
            await self._bot.get_me()
        except TelegramError:
            return False
        return True


def _keyboard(payload: Mapping[str, Any]) -> InlineKeyboardMarkup | None:
    if "buttons" not in payload:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in payload["buttons"]]
    )
