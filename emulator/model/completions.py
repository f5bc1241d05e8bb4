"""The endpoint: a checked request in, an answer out, as a stream or in one piece."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from ..errors import EmulatorError
from .answers import BEFORE_HEADERS, Answer
from .model import Exchange, Model
from .requests import BadRequest, Json, check


class Cut(EmulatorError):
    """The connection is to be aborted here."""


class Completions:
    """`POST /v1/chat/completions`; `cut` aborts the connection of a client, given its address."""

    def __init__(self, model: Model, cut: Callable[[Any], None]) -> None:
        self._model = model
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        request = Request(scope, receive)
        out = Out(send)
        authorization = request.headers.get("authorization", "")
        if not authorization.startswith("Bearer ") or not authorization[7:]:
            return await out.whole(401, error("You did not provide an API key", "invalid_request_error"))
        try:
            body = check(json.loads(await request.body()), self._model.refused)
        except BadRequest as wrong:
            self._model.wrong.append(str(wrong))
            return await out.whole(400, error(str(wrong), "invalid_request_error", param=wrong.param))
        except ValueError:
            return await out.whole(400, error("the body must be JSON", "invalid_request_error"))
        if (refusal := self._model.refusal_of(body)) is not None:
            self._model.wrong.append(refusal.message)
            return await _refuse(refusal, out)
        exchange = self._model.take(body, authorization)
        try:
            await self._unless_abandoned(exchange, out, receive)
        except Cut:
            exchange.ended = "cut"
            self._cut(scope["client"])
        finally:
            exchange.ended = exchange.ended or "abandoned"
            self._model.changes.notify()

    async def _unless_abandoned(self, exchange: Exchange, out: Out, receive: Receive) -> None:
        """Answer until the client goes."""
        answering = asyncio.ensure_future(self._answer(exchange, out))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
                exchange.ended = "whole"
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _answer(self, exchange: Exchange, out: Out) -> None:
        answer = exchange.answer
        await self._meet(exchange, BEFORE_HEADERS)
        if answer.status != 200:
            await _refuse(answer, out)
        elif answer.raw is not None:
            await self._raw(exchange, out)
        elif exchange.request.get("stream"):
            await self._stream(exchange, out)
        else:
            await out.whole(200, self._completion(exchange))

    async def _meet(self, exchange: Exchange, pieces: int) -> None:
        """Whatever was ordered for this point of the answer."""
        exchange.pieces = max(pieces, 0)
        if exchange.answer.hold_after == pieces:
            await self._model.held()
        if exchange.answer.cut_after == pieces:
            raise Cut
        self._model.changes.notify()

    async def _raw(self, exchange: Exchange, out: Out) -> None:
        await out.start(200, exchange.answer.content_type)
        await self._meet(exchange, 0)
        for number, piece in enumerate(exchange.answer.raw_pieces, 1):
            await out.piece(piece)
            await self._meet(exchange, number)
        await out.end()

    async def _stream(self, exchange: Exchange, out: Out) -> None:
        await out.start(200, "text/event-stream")
        await out.event(self._chunk(exchange, {"role": "assistant", "content": ""}))
        await self._meet(exchange, 0)
        for number, piece in enumerate(exchange.answer.stream, 1):
            await asyncio.sleep(self._model.delay_s)
            await out.event(self._chunk(exchange, {"content": piece}))
            await self._meet(exchange, number)
        for delta in _closing(exchange):
            await out.event(self._chunk(exchange, delta))
        reason = exchange.answer.reason
        if reason is not None:
            await out.event(self._chunk(exchange, {}, reason))
        options = exchange.request.get("stream_options", {})
        if options.get("include_usage") and exchange.answer.says_usage:
            await out.event({**self._head(exchange, "chat.completion.chunk"), "choices": [], **self._usage(exchange)})
        await out.event("[DONE]" if reason is not None else None)
        await out.end()

    def _completion(self, exchange: Exchange) -> Json:
        answer = exchange.answer
        message: Json = {"role": "assistant", "content": answer.said or None, "refusal": answer.refusal or None}
        if answer.tool is not None:
            message["tool_calls"] = [_call(answer.tool)]
        choice = {"index": 0, "message": message, "finish_reason": answer.reason, "logprobs": None}
        usage = self._usage(exchange) if answer.says_usage else {}
        return {**self._head(exchange, "chat.completion"), "choices": [choice], **usage}

    def _chunk(self, exchange: Exchange, delta: Json, reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return {**self._head(exchange, "chat.completion.chunk"), "choices": [choice]}

    def _head(self, exchange: Exchange, kind: str) -> Json:
        return {"id": f"chatcmpl-{id(exchange)}", "object": kind, "created": 0, "model": self._model.name}

    def _usage(self, exchange: Exchange) -> Json:
        return {"usage": self._model.usage(exchange)}


class Out:
    """The answer that goes back over HTTP."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def whole(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        """A JSON answer in one piece."""
        await self.body(status, json.dumps(value).encode(), "application/json", headers)

    async def body(self, status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None) -> None:
        """An answer in one piece."""
        await self.start(status, content_type, headers)
        await self._send({"type": "http.response.body", "body": body})

    async def start(self, status: int, content_type: str, headers: dict[str, str] | None = None) -> None:
        """Status and headers."""
        pairs = [(b"content-type", content_type.encode())]
        pairs += [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    async def event(self, data: object) -> None:
        """One event of a stream; None is nothing."""
        if data is not None:
            text = data if isinstance(data, str) else json.dumps(data)
            await self.piece(f"data: {text}\n\n".encode())

    async def piece(self, body: bytes) -> None:
        """A piece of an answer, as it is."""
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self) -> None:
        """The end of a stream."""
        await self._send({"type": "http.response.body", "body": b""})


def error(message: str, kind: str, *, param: str | None = None, code: str | None = None) -> Json:
    """An error in the interface's form."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


async def _refuse(answer: Answer, out: Out) -> None:
    """Anything but what was asked for, in one piece."""
    given = {"retry-after": answer.retry_after, "location": answer.location}
    headers = {name: value for name, value in given.items() if value is not None}
    if answer.raw is not None:
        await out.body(answer.status, b"".join(answer.raw_pieces), answer.content_type, headers)
    else:
        told = error(answer.message, "ordered", param=answer.param, code=answer.code)
        await out.whole(answer.status, told, headers)


def _closing(exchange: Exchange) -> Iterator[Json]:
    """The deltas that follow the text: a refusal; a tool's call, its arguments in two pieces."""
    answer = exchange.answer
    if answer.refusal:
        yield {"refusal": answer.refusal}
    if answer.tool is not None:
        name, arguments = answer.tool
        middle = len(arguments) // 2
        yield {"tool_calls": [{"index": 0, **_call((name, arguments[:middle]))}]}
        yield {"tool_calls": [{"index": 0, "function": {"arguments": arguments[middle:]}}]}


def _call(tool: tuple[str, str]) -> Json:
    return {"id": "call_1", "type": "function", "function": {"name": tool[0], "arguments": tool[1]}}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
