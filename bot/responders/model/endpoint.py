"""The endpoint: one question, one answer, over HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from httpx2 import RequestError
from openai import APIConnectionError, APIError, AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient, Timeout
from openai.types.chat import ChatCompletionChunk

from bot.http.bot_api import trusted
from bot.http.proxies import proxy_for
from bot.responders.model.answer import Garbled, ModelAnswer
from bot.responders.model.dialect import Dialect, Question
from bot.responders.model.failures import TooLong, cut_off, delay_of, describe, explain, is_elsewhere
from bot.responders.model.objection import NoAnswer, Objection
from bot.responders.model.refusals import is_too_long, parts_of, refused_part
from bot.responders.model.remembered import Remembered
from middleware.responder import ResponderFailed
from middleware.turn import Clock
from storage.tables.properties import Properties

log = logging.getLogger("polar.model")

CONNECT_S = 10.0
STALL_S = 30.0
"""The seconds that a text that has begun may pause; before that, some models think."""
NO_KEY = "none"
FAILURES = (APIError, NoAnswer, Garbled, ValueError, TimeoutError)


class ModelEndpoint:
    """Speaks the chat-completions interface, and leaves out what the endpoint refuses of it."""

    def __init__(self, *, base_url: str, api_key: str, dialect: Dialect, properties: Properties, clock: Clock) -> None:
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
        self, question: Question, answer: ModelAnswer, show: Callable[[str], None], *, deadline: float
    ) -> ResponderFailed | None:
        """Fill in the answer as it arrives, until the loop's time is `deadline`; why it ended early, if it did.

        What is refused is left out, and the rest asked again at once. Raises ResponderFailed where no answer
        began, TooLong where less may get one.
        """
        left_out, tries = await self.refusals.parts(), 0
        while True:
            stream, request = None, self._dialect.write(question, left_out)
            try:
                answer.was_sent = True
                stream = await self._open(request, deadline)
                async with stream:
                    await self._read(stream, answer, show, deadline)
            except FAILURES as error:
                failed = error
            else:
                # Only now that it was understood: a refusal may have had another cause.
                await self.refusals.learn(left_out)
                return None if answer.finish is not None else self._tell("it ended before its end", cut_off())
            objection = Objection.of(failed, question.texts)
            told = describe(failed, objection) + (self._hint if is_elsewhere(objection) else "")
            is_begun = bool(answer.text or answer.call)
            if not is_begun and (part := refused_part(objection, parts_of(request))) is not None:
                log.info("%s: %s; asked again without %s", self.name, told, part)
                left_out |= {part}
                continue
            failure = explain(failed, objection)
            if not is_begun and objection is not None and is_too_long(objection):
                answer.was_sent = False
                raise TooLong(self._tell(told, failure))
            if stream is not None:
                return self._tell(told, failure)
            answer.was_sent = isinstance(failed, TimeoutError)
            tries += 1
            delay_s = delay_of(failed, objection, tries)
            if delay_s is None or asyncio.get_running_loop().time() + delay_s >= deadline:
                raise self._tell(told, failure)
            await asyncio.sleep(delay_s)

    def _tell(self, told: str, failure: ResponderFailed) -> ResponderFailed:
        """Log why there is no answer, or no more of it."""
        log.warning("%s: %s", self.name, told)
        return failure

    async def _read(
        self, stream: AsyncStream[Any], answer: ModelAnswer, show: Callable[[str], None], deadline: float
    ) -> None:
        loop, shown, end = asyncio.get_running_loop(), "", deadline
        if stream.response.is_closed and (whole := _completion(stream.response.content)) is not None:
            answer.take(ChatCompletionChunk.construct(**_as_chunk(whole)))
            return show(answer.text)
        while True:
            async with asyncio.timeout_at(end):
                chunk = await anext(stream, None)
            if chunk is None:
                return None
            answer.take(chunk)
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
            kind = stream.response.headers.get("content-type", "")
            if "json" in kind or "html" in kind:
                try:
                    body = await stream.response.aread()
                except RequestError as error:
                    raise APIConnectionError(request=stream.response.request) from error
                if "html" in kind or (_value(body) is not None and _completion(body) is None):
                    raise NoAnswer(stream.response.text)
            return stream


def _value(body: bytes) -> Any:
    """The value of a JSON body, {} of none at all; None for what is no JSON: it may be a stream with a wrong label."""
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None


def _completion(body: bytes) -> dict[str, Any] | None:
    """An answer in one piece, if it is one."""
    whole = _value(body)
    return whole if isinstance(whole, dict) and isinstance(whole.get("choices"), list) else None


def _as_chunk(whole: dict[str, Any]) -> dict[str, Any]:
    """A completion as the one chunk of a stream. Raises Garbled."""
    try:
        [choice] = whole["choices"][:1]
        message = choice["message"]
        calls = [{**call, "index": number} for number, call in enumerate(message.get("tool_calls") or ())]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Garbled from None
    return {**whole, "choices": [{**choice, "delta": {**message, "tool_calls": calls}}]}
