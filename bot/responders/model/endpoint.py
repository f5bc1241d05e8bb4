"""The endpoint: one question, one answer, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from typing import Any

from httpx2 import RequestError
from openai import APIConnectionError, APIError, AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient, Timeout

from bot.http.bot_api import trusted
from bot.http.proxies import proxy_for
from bot.responders.model.answer import ModelAnswer
from bot.responders.model.body import AnswerBody
from bot.responders.model.calls import EndlessCall
from bot.responders.model.dialect import Dialect, Question
from bot.responders.model.failures import cut_off, delay_of, explain
from bot.responders.model.frames import Delta, ErrorFrame
from bot.responders.model.framing import Garbled
from middleware.responder import ResponderFailed

CONNECT_S = 10.0
STALL_S = 30.0
"""The seconds that a text that has begun may pause; before that, some models think."""
DRAIN_S = 0.1
"""The seconds in which a connection whose answer is over may come to its end, so that it can be used again."""
NO_KEY = "none"
LOST = (Garbled, EndlessCall, ErrorFrame)
"""Something was lost on the way, whatever reason for its end the answer has."""


class ModelEndpoint:
    """Speaks the chat-completions interface."""

    def __init__(self, *, base_url: str, api_key: str, dialect: Dialect) -> None:
        self._dialect = dialect
        # Waiting is bounded here, by deadlines; repeating too, as only we know how much time there is.
        timeout = Timeout(None, connect=CONNECT_S)
        proxy = proxy_for(base_url)
        client = DefaultAsyncHttpxClient(verify=trusted(), trust_env=False, proxy=proxy.address if proxy else None)
        self._client = AsyncOpenAI(
            base_url=base_url, api_key=api_key or NO_KEY, timeout=timeout, max_retries=0, http_client=client
        )
        # Read from the environment by the client itself, which settings of ours have no part in.
        self._client.organization = self._client.project = None

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def ask(
        self, question: Question, answer: ModelAnswer, show: Callable[[str], None], *, deadline: float
    ) -> ResponderFailed | None:
        """Fill in the answer as it arrives, until the loop's time is `deadline`; why it ended early, if it did.

        Raises ResponderFailed where none began.
        """
        stream = await self._open(question, answer, deadline)
        error: Exception | None = None
        try:
            async with stream:
                await self._read(stream, answer, show, deadline)
        except (APIError, TimeoutError, *LOST) as caught:
            error = caught
        finally:
            answer.end()
        if answer.finish is not None and not isinstance(error, LOST):
            return None
        return cut_off() if error is None else explain(error)

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

    async def _open(self, question: Question, answer: ModelAnswer, deadline: float) -> AsyncStream[Any]:
        """The stream, once the endpoint has agreed to answer; repeats what is worth it, in time."""
        tries, dialect = 0, self._dialect
        while True:
            try:
                answer.was_sent = True
                async with asyncio.timeout_at(deadline):
                    stream: AsyncStream[Any] = await self._client.chat.completions.create(**dialect.write(question))
            except TimeoutError as error:
                raise explain(error) from None
            except (APIError, ValueError) as error:
                answer.was_sent = False
                if (adapted := dialect.adapted(error)) is not None:
                    dialect = adapted
                    continue
                tries += 1
                await self._pause(error, tries, deadline)
            else:
                # Kept only now that it was understood: a refusal may have had another cause.
                self._dialect = dialect
                return stream

    async def _pause(self, error: Exception, tries: int, deadline: float) -> None:
        """Until the next try; raises ResponderFailed if there is none."""
        delay_s = delay_of(error, tries)
        if delay_s is None or asyncio.get_running_loop().time() + delay_s >= deadline:
            raise explain(error) from None
        await asyncio.sleep(delay_s)


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
