"""The endpoint: one question, one answer, over HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlsplit

from httpx2 import RequestError
from openai import APIConnectionError, APIError, AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient, Timeout
from openai.types.chat import ChatCompletionChunk

from bot.http.bot_api import trusted
from bot.http.proxies import proxy_for
from bot.responders.model.answer import ModelAnswer
from bot.responders.model.body import AnswerBody
from bot.responders.model.calls import EndlessCall
from bot.responders.model.dialect import Dialect, Question
from bot.responders.model.failures import TooLong, delay_of, describe, explain, is_elsewhere
from bot.responders.model.frames import Delta, ErrorFrame
from bot.responders.model.framing import Garbled
from bot.responders.model.objection import NoAnswer, Objection
from bot.responders.model.refusals import RequestPart, is_too_long, parts_of, refused_part
from bot.responders.model.remembered import Findable, Remembered
from middleware.meter import Meter
from middleware.responder import ResponderFailed
from middleware.turn import Clock

log = logging.getLogger("polar.model")

CONNECT_S = 10.0
STALL_S = 30.0
"""The seconds that a text that has begun may pause; before that, some models think."""
DRAIN_S = 0.1
"""The seconds in which a connection whose answer is over may come to its end, so that it can be used again."""
PAGE = 64 * 1024
"""Bytes that are read of a web page where an answer was expected."""
NO_KEY = "none"
LOST = (Garbled, EndlessCall, ErrorFrame)
"""Something was lost on the way, whatever reason for its end the answer has."""
FAILURES = (APIError, NoAnswer, ValueError, TimeoutError, *LOST)


class ModelEndpoint:
    """Speaks the chat-completions interface, and leaves out what the endpoint refuses of it."""

    def __init__(self, *, base_url: str, api_key: str, dialect: Dialect, properties: Findable, clock: Clock) -> None:
        self._dialect = dialect
        # Waiting is bounded here, by deadlines; repeating too, as only we know how much time there is.
        timeout = Timeout(None, connect=CONNECT_S)
        proxy = proxy_for(base_url)
        # Not sent on to where a redirect leads: people's words go to the address that is set, and to no other.
        client = DefaultAsyncHttpxClient(
            verify=trusted(), trust_env=False, proxy=proxy.address if proxy else None, follow_redirects=False
        )
        self._client = AsyncOpenAI(
            base_url=base_url, api_key=api_key or NO_KEY, timeout=timeout, max_retries=0, http_client=client
        )
        # Read from the environment by the client itself, which settings of ours have no part in.
        self._client.organization = self._client.project = None
        address = urlsplit(base_url)
        host = f"{address.hostname}:{address.port}" if address.port else address.hostname or ""
        self.name = f"{dialect.model} at {host}"
        """Which model is asked where, for the log."""
        self._hint = "" if "/v" in address.path else "; the address may lack /v1 at its end"
        self.refusals = Remembered(properties, clock, address=host + address.path, model=dialect.model)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def ask(
        self, question: Question, answer: ModelAnswer, show: Callable[[str], None], meter: Meter, *, deadline: float
    ) -> ResponderFailed | None:
        """Fill in the answer as it arrives, until the loop's time is `deadline`; why it ended early, if it did.

        What is refused is left out, and the rest asked again at once. The meter is told of each call; how the last
        one ends, by the caller. Raises ResponderFailed where no answer began, TooLong where less may get one.
        """
        left_out, tries = await self.refusals.parts(), 0
        while True:
            stream, request = None, self._dialect.write(question, left_out)
            failed: Exception | None = None
            await meter.begin()
            try:
                answer.was_sent = True
                stream = await self._open(request, deadline)
                async with stream:
                    await self._read(stream, answer, show, deadline)
            except FAILURES as error:
                failed = error
            objection = _objection(failed, question)
            told = describe(failed, objection) + (self._hint if is_elsewhere(objection) else "")
            is_begun = bool(answer.text or answer.calls)
            if not is_begun:
                answer.was_sent = False
                if (part := self._refused(objection, request, told)) is not None:
                    left_out |= {part}
                    meter.end("failed", input_tokens=0, output_tokens=0)
                    continue
            answer.was_sent = stream is not None or isinstance(failed, TimeoutError)
            if failed is None or is_begun:
                # Only now that it was understood: a refusal may have had another cause.
                await self.refusals.learn(left_out)
            if stream is not None:
                answer.end()
                is_whole = answer.finish is not None and not isinstance(failed, LOST)
                return None if is_whole else self._tell(told, explain(failed, objection))
            tries += 1
            delay_s = delay_of(failed, objection, tries)
            if delay_s is None or asyncio.get_running_loop().time() + delay_s >= deadline:
                raise self._tell(told, explain(failed, objection))
            meter.end("failed", input_tokens=0, output_tokens=0)
            await asyncio.sleep(delay_s)

    def _refused(self, objection: Objection | None, request: dict[str, Any], told: str) -> RequestPart | None:
        """The part of a request that is to be left out, if any. Raises TooLong."""
        if objection is None:
            return None
        part = refused_part(objection, parts_of(request))
        if part is not None:
            log.info("%s: %s; asked again without %s", self.name, told, part)
        elif is_too_long(objection):
            raise TooLong(self._tell(told, explain(None, objection)))
        return part

    def _tell(self, told: str, failure: ResponderFailed) -> ResponderFailed:
        """Log why there is no answer, or no more of it."""
        log.warning("%s: %s", self.name, told)
        return failure

    async def _read(
        self, stream: AsyncStream[Any], answer: ModelAnswer, show: Callable[[str], None], deadline: float
    ) -> None:
        loop, shown, end = asyncio.get_running_loop(), "", deadline
        async with aclosing(_deltas(stream)) as deltas:
            while True:
                async with asyncio.timeout_at(end):
                    delta = await anext(deltas, None)
                if delta is None:
                    return
                answer.take(delta)
                if answer.text != shown:
                    shown = answer.text
                    show(shown)
                if shown:
                    end = min(deadline, loop.time() + STALL_S)

    async def _open(self, request: dict[str, Any], deadline: float) -> AsyncStream[Any]:
        """The stream, once the endpoint has agreed to answer."""
        async with asyncio.timeout_at(deadline):
            stream: AsyncStream[Any] = await self._client.post(
                "/chat/completions",
                cast_to=ChatCompletionChunk,
                body=request,
                stream=True,
                stream_cls=AsyncStream[ChatCompletionChunk],
            )
            if "html" in stream.response.headers.get("content-type", ""):
                raise NoAnswer(await _beginning(stream))
            return stream


def _objection(failed: Exception | None, question: Question) -> Objection | None:
    """What the endpoint said in place of an answer, or within it, if it did."""
    if isinstance(failed, ErrorFrame):
        return Objection.of_json(200, failed.fields, question.texts)
    return None if failed is None else Objection.of(failed, question.texts)


async def _beginning(stream: AsyncStream[Any]) -> str:
    """The body as a text, as much of it as a page takes to say what it is."""
    body, chunks = bytearray(), stream.response.aiter_bytes()
    try:
        async for chunk in chunks:
            body += chunk
            if len(body) >= PAGE:
                break
    except RequestError as error:
        raise APIConnectionError(request=stream.response.request) from error
    finally:
        await stream.response.aclose()
    return bytes(body[:PAGE]).decode(errors="replace")


async def _deltas(stream: AsyncStream[Any]) -> AsyncGenerator[Delta, None]:
    """What the endpoint says; the client's own reading, which knows one dialect, is not used."""
    body, chunks = AnswerBody(), stream.response.aiter_bytes()
    try:
        async for chunk in chunks:
            for delta in body.feed(chunk):
                yield delta
            if body.is_over:
                break
        else:
            for delta in body.end():
                yield delta
        await _drain(chunks)
    except RequestError as error:
        raise APIConnectionError(request=stream.response.request) from error


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                await asyncio.sleep(0)
