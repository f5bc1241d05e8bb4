"""The Bot API over HTTP: from a request to an answer, by way of the faults that were ordered."""

from __future__ import annotations

import inspect
from email.utils import formatdate
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ..connections import Connection
from ..errors import ApiError
from ..people import Json
from ..replies import CUT, Reply, Serialised, ok, refusal
from ..state import State
from ..state.bots import Bot
from ..state.calls import Call
from ..state.faults import Fault
from . import albums, attachments, contents, copies, polls, profile, reception, sending, topics
from . import params as parameters
from .ask import Ask, GoneError, Method

METHODS: dict[str, Method] = {
    "getMe": profile.get_me,
    "getUpdates": reception.get_updates,
    "setWebhook": reception.set_webhook,
    "deleteWebhook": reception.delete_webhook,
    "getWebhookInfo": reception.get_webhook_info,
    "sendMessage": contents.sends(sending.text_content),
    "sendMessageDraft": sending.send_message_draft,
    "sendMediaGroup": albums.send_media_group,
    "forwardMessage": contents.sends(copies.forward_content),
    "copyMessage": copies.copy_message,
    "forwardMessages": copies.forward_messages,
    "copyMessages": copies.copy_messages,
    "sendPoll": contents.sends(polls.poll_content),
    "stopPoll": polls.stop_poll,
    "editMessageText": sending.edit_message_text,
    "editMessageMedia": albums.edit_message_media,
    "editMessageCaption": sending.edit_message_caption,
    "editMessageReplyMarkup": sending.edit_message_reply_markup,
    "deleteMessage": sending.delete_message,
    "deleteMessages": sending.delete_messages,
    "answerCallbackQuery": sending.answer_callback_query,
    "setMessageReaction": sending.set_message_reaction,
    "sendChatAction": sending.send_chat_action,
    "setMyCommands": profile.set_my_commands,
    "getMyCommands": profile.get_my_commands,
    "deleteMyCommands": profile.delete_my_commands,
    "getChat": profile.get_chat,
    "getChatMember": profile.get_chat_member,
    "getChatAdministrators": profile.get_chat_administrators,
    "getCustomEmojiStickers": sending.get_custom_emoji_stickers,
    "createForumTopic": topics.create_forum_topic,
    "getFile": attachments.get_file,
    **{name: contents.sends(content) for name, content in contents.CONTENTS.items()},
}
NAMES = {name.lower(): name for name in METHODS}
GARBAGE = b'{"ok":true,"result":{"message_id":'


class Api:
    """Answers `/bot<token>/<method>`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def __call__(self, request: Request) -> Response:
        """The endpoint of the route."""
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response()
        async with Connection.of(request) as connection:
            reply = await self._answer(request, body, connection)
            if reply is CUT:
                request.app.state.cut(request.client)
                await connection.left()
        date = formatdate(self._state.date(), usegmt=True)
        return Response(reply.body, reply.status or 200, {"Date": date}, reply.media_type)

    async def _answer(self, request: Request, body: bytes, connection: Connection) -> Reply:
        name = request.path_params["method"]
        method = NAMES.get(name.lower(), name)
        bot = self._state.bots.get(request.path_params["token"])
        try:
            params = parameters.read(
                request.scope["query_string"].decode("latin-1"), request.headers.get("content-type", ""), body
            )
        except ApiError as error:
            return self._refuse(bot, method, {}, error)
        if bot is None:
            return self._refuse(None, method, params, ApiError(401, "Unauthorized"))
        if method not in METHODS:
            return self._refuse(bot, method, params, ApiError(404, "Not Found"))
        return await Exchange(Ask(self._state, bot, method, params, connection)).run()

    def _refuse(self, bot: Bot | None, method: str, params: Json, error: ApiError) -> Reply:
        reply = refusal(error)
        self._state.settle(self._state.record(bot, method, params, None), reply, None)
        return reply


class Exchange:
    """One call with its fault, if it meets one, and its place in the record."""

    def __init__(self, ask: Ask) -> None:
        chat = ask.params.get("chat_id")
        self._ask = ask
        self._state = ask.state
        self._fault: Fault | None = ask.state.faults.take(ask.method, chat)
        self._call: Call = ask.state.record(ask.bot, ask.method, ask.params, self._fault)

    async def run(self) -> Reply:
        """The answer; CUT when there is none."""
        try:
            if self._fault is None:
                return await self._perform()
            early = await self._before(self._fault)
            return early or await self._after(self._fault)
        except GoneError:
            return CUT

    async def _perform(self, kept_back: bool = False) -> Reply:
        """Let the method have its effect, and note it."""
        result: Any = None
        try:
            result = METHODS[self._ask.method](self._ask)
            if inspect.isawaitable(result):
                result = await result
            reply = ok(result)
        except ApiError as error:
            result, reply = None, refusal(error)
        summary = result.summary if isinstance(result, Serialised) else result
        self._note(CUT if kept_back else reply, summary)
        return reply

    async def _before(self, fault: Fault) -> Reply | None:
        """The fault's answer before the effect, or None to go on."""
        early = CUT if fault.kind == "cut" else fault.canned()
        if early is not None:
            self._note(early, None)
        elif fault.kind == "hang":
            self._note(CUT, None)
            await self._hold(fault)
        return early

    async def _after(self, fault: Fault) -> Reply:
        """The effect, and what the fault makes of the answer."""
        reply = await self._perform(kept_back=fault.kind in ("hang_after", "cut_after"))
        if fault.kind == "cut_after":
            return CUT
        if fault.kind == "garbage":
            return Reply(200, GARBAGE)
        if fault.kind in ("slow", "hang_after"):
            await self._hold(fault)
            self._note(reply, self._call.result, logged=False)
        return reply

    async def _hold(self, fault: Fault) -> None:
        if not await self._ask.connection.hears(self._state.faults.cleared, fault.seconds):
            raise GoneError

    def _note(self, reply: Reply, result: Any, logged: bool = True) -> None:
        self._call = self._state.settle(self._call, reply, result, logged)
