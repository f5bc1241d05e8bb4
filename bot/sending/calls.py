"""The Bot API calls that the delivery queue makes, from payload to request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import NetworkError, TelegramError
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter  # there is no public way to make one

from bot.errors import BotError
from bot.files.spool import NO_FILES, Files
from bot.sending.answers import Overheard, Receipt
from middleware.replies.outbox import duplicate_mark
from middleware.replies.splitting import utf16_length
from storage.delivery import Delivery
from storage.ids import chat_id_of, is_placeholder
from storage.payloads import (
    AnswerCallbackQuery,
    Buttons,
    DeleteMessage,
    EditMessageText,
    Entity,
    SendDocument,
    SendMessage,
    UnknownPayload,
)

log = logging.getLogger("polar.delivery")

UPLOAD_S = 120
"""The longest time that writing a document may take, in seconds."""


GRACE_S = 0.25
"""The time that a call which shows an unfinished answer is waited for when the answer itself is there.

An ordinary one comes back within it, so that no draft appears behind its answer; one that hangs is given up.
"""


NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""Of what the bot says no address is fetched by Telegram: the words may be a stranger's."""
_NO_PREVIEW = NO_PREVIEW.to_dict()


class CallNotMade(BotError):
    """A call could not be made of the row, and nothing was sent; the cause tells why."""


class Calls:
    """Makes calls by what kind a payload is."""

    def __init__(self, bot: Bot, files: Files = NO_FILES) -> None:
        self._bot = bot
        self._files = files
        self._placeholders: dict[str, asyncio.Timeout] = {}

    def hurry(self, delivery_ids: Iterable[str]) -> None:
        """Give up these calls shortly, those of placeholders: what takes their place waits behind them."""
        for limit in filter(None, map(self._placeholders.get, delivery_ids)):
            limit.reschedule(asyncio.get_running_loop().time() + GRACE_S)

    @asynccontextmanager
    async def _hurried(self, delivery_id: str) -> AsyncIterator[None]:
        async with asyncio.timeout(None) as limit:
            self._placeholders[delivery_id] = limit
            try:
                yield
            finally:
                del self._placeholders[delivery_id]

    async def make(self, delivery: Delivery, message_id: int | None = None) -> Receipt | None:
        """One call, on the message with this id where it is about one that was sent before; None without a new one.

        Once the answer says that the call had its effect, nothing else in it makes a failure of it: then None is a new
        message whose id could not be read. Raises TelegramError, a NetworkError where nobody knows whether it had its
        effect, and CallNotMade.
        """
        with Overheard() as answer:
            try:
                may_be_hurried = is_placeholder(delivery.delivery_id)
                async with self._hurried(delivery.delivery_id) if may_be_hurried else nullcontext():
                    return await self._make(delivery, message_id)
            except Exception as error:
                if answer.says_ok:
                    log.warning("%s: the answer could not be read: %s", delivery.delivery_id, type(error).__name__)
                    return answer.receipt(chat_id_of(delivery.session_id)) if delivery.is_message else None
                if isinstance(error, TelegramError):
                    raise
                if not answer.is_asked:
                    raise CallNotMade from error
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
        # What python-telegram-bot makes of a call and of its answer would cost more than sending does.
        parameters = {"chat_id": chat_id, "text": mark + payload.text, "link_preview_options": _NO_PREVIEW}
        parameters |= _as_json(payload, utf16_length(mark))
        request = RequestData([RequestParameter(name, value, None) for name, value in parameters.items()])
        message: Any = await self._bot.request.post(f"{self._bot.base_url}/sendMessage", request)
        return Receipt(message["message_id"], message["chat"]["id"])

    async def _send_document(self, chat_id: int, payload: SendDocument, mark: str) -> Receipt:
        if payload.made_of is None:
            return await self._upload(chat_id, payload, payload.content.encode(), mark)
        async with self._files.made(payload.made_of, chat_id) as file:
            return await self._upload(chat_id, payload, InputFile(file, payload.name, read_file_handle=False), mark)

    async def _upload(self, chat_id: int, payload: SendDocument, content: bytes | InputFile, mark: str) -> Receipt:
        message = await self._bot.send_document(
            chat_id,
            content,
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
            link_preview_options=NO_PREVIEW,
        )

    async def probe(self) -> bool:
        """True if the Bot API answers at all."""
        try:
            await self._bot.get_me()
        except TelegramError:
            return False
        return True


def _as_json(payload: SendMessage, shift: int) -> dict[str, Any]:
    """The optional parameters of a message whose text stands behind `shift` UTF-16 units of another."""
    optional = {
        "entities": [entity.to_json() | {"offset": entity.offset + shift} for entity in payload.entities],
        "message_thread_id": payload.topic_id,
        "disable_notification": payload.silent,
    }
    parameters: dict[str, Any] = {name: value for name, value in optional.items() if value}
    if payload.reply_to is not None:
        parameters["reply_parameters"] = {"message_id": payload.reply_to, "allow_sending_without_reply": True}
    if payload.buttons:
        rows = [[{"text": button.text, "callback_data": button.data} for button in row] for row in payload.buttons]
        parameters["reply_markup"] = {"inline_keyboard": rows}
    return parameters


def _context(payload: SendDocument) -> dict[str, Any]:
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
