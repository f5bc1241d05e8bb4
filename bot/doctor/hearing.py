"""Asking over the network, within a limit of time: Telegram, and the model's endpoint. Nothing is changed by it.

Not through python-telegram-bot: it keeps the `Date` of an answer to itself, and a doctor asks beside a bot that runs.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.clock import millis
from bot.errors import SettingsError
from bot.http.bot_api import trusted
from bot.http.proxies import proxy_for
from bot.settings import Settings
from middleware.turn import Clock
from storage.json_text import read_value

MOST_BYTES = 8 * 1024 * 1024
"""Far above any list of models; below what would hurt."""
NO_LIST = (404, 405, 501)
"""How a model's endpoint answers that has no list of its models."""
AT_ONCE = 5
"""Questions about groups that are under way at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An answer over HTTP. Where none came its status is 0, and `reason` says why, without the address.

    `ahead_ms` is by how much our clock is ahead of the server's, where that tells its time.
    """

    status: int = 0
    body: Any = None
    reason: str = ""
    ahead_ms: int | None = None

    @property
    def result(self) -> Any:
        """The result of a method of the Bot API; None where it gave none."""
        return self.body.get("result") if self.status == 200 and isinstance(self.body, dict) else None

    @property
    def fields(self) -> Mapping[str, Any]:
        """The same where it is an object; empty where it is none."""
        return self.result if isinstance(self.result, dict) else {}

    @property
    def trouble(self) -> str:
        """Why there is no result: what came in its place, in a few words."""
        if self.status == 0:
            return self.reason
        told = self.body.get("description") if isinstance(self.body, dict) else None
        return f"{self.status} {str(told)[:80]}" if told else f"status {self.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardOfGroup:
    """What Telegram says of a group: our membership, and the chat itself."""

    chat_id: int
    member: Heard
    chat: Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardOfTelegram:
    """What Telegram says. `server` is the first answer, whatever it is; without a token nothing else is asked."""

    has_token: bool
    server: Heard
    me: Heard = Heard(reason="there is no token")
    webhook: Heard = Heard(reason="there is no token")
    groups: tuple[HeardOfGroup, ...] = ()


async def telegram(settings: Settings, clock: Clock, groups: Sequence[int], *, limit_s: float) -> HeardOfTelegram:
    """Ask who we are, where updates go, and what we are in these groups; all of it within the limit."""
    url, token = settings.telegram_api_url, settings.telegram_bot_token.get_secret_value()
    async with _way(url, clock, limit_s) as way:
        if not token:
            return HeardOfTelegram(has_token=False, server=await way.get(f"{url}/"))
        methods = f"{url}/bot{token}"
        me, webhook = await asyncio.gather(way.get(f"{methods}/getMe"), way.get(f"{methods}/getWebhookInfo"))
        if not (bot_id := me.fields.get("id")):
            return HeardOfTelegram(has_token=True, server=me, me=me, webhook=webhook)

        async def group(chat_id: int) -> HeardOfGroup:
            async with way.turns:
                ours = {"chat_id": str(chat_id), "user_id": str(bot_id)}
                member, chat = await asyncio.gather(
                    way.get(f"{methods}/getChatMember", ours),
                    way.get(f"{methods}/getChat", {"chat_id": str(chat_id)}),
                )
                return HeardOfGroup(chat_id=chat_id, member=member, chat=chat)

        of_groups = await asyncio.gather(*map(group, groups))
        return HeardOfTelegram(has_token=True, server=me, me=me, webhook=webhook, groups=tuple(of_groups))


async def models(url: str, key: str, clock: Clock, *, limit_s: float) -> Heard:
    """Ask a model's endpoint which models it has, which costs nothing."""
    async with _way(url, clock, limit_s) as way:
        return await way.get(f"{url}/models", headers={"Authorization": f"Bearer {key}"} if key else {})


def names_of_models(heard: Heard) -> list[str] | None:
    """The models that an endpoint has told; None where that is no list of them."""
    listed = heard.body.get("data") if heard.status == 200 and isinstance(heard.body, dict) else None
    if not isinstance(listed, list):
        return None
    return [str(each["id"]) for each in listed if isinstance(each, dict) and "id" in each]


class _Way:
    """The way to one server, open until the loop's time is `deadline`; without a client, why there is none."""

    def __init__(self, clock: Clock, deadline: float, client: httpx.AsyncClient | None, reason: str = "") -> None:
        self._clock = clock
        self._deadline = deadline
        self._client = client
        self._reason = reason
        self.turns = asyncio.Semaphore(AT_ONCE)

    async def get(
        self, url: str, params: Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Heard:
        """The answer, or why there was none."""
        if self._client is None:
            return Heard(reason=self._reason)
        began_ms = self._clock()
        try:
            async with asyncio.timeout_at(self._deadline):
                async with self._client.stream("GET", url, params=params, headers=headers) as response:
                    body = await _read(response)
                    ended_ms = self._clock()
        except TimeoutError:
            return Heard(reason="no answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Heard(reason=_reason(error))
        return Heard(status=response.status_code, body=_parsed(body), ahead_ms=_ahead_ms(response, began_ms, ended_ms))


@asynccontextmanager
async def _way(url: str, clock: Clock, limit_s: float) -> AsyncIterator[_Way]:
    deadline = asyncio.get_running_loop().time() + limit_s
    try:
        proxy = proxy_for(url)
    except SettingsError as error:
        yield _Way(clock, deadline, None, str(error))
        return
    address = None if proxy is None else proxy.address
    async with httpx.AsyncClient(verify=trusted(), trust_env=False, proxy=address, timeout=limit_s) as client:
        yield _Way(clock, deadline, client)


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            break
    return bytes(body)


def _reason(error: BaseException) -> str:
    """What the system says of it, else its type: the texts of HTTP clients may hold the URL, and with it the token."""
    told, cause = type(error).__name__, error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            told = os.strerror(cause.errno) if isinstance(cause, ConnectionError) and cause.errno else cause.strerror
        cause = cause.__cause__ or cause.__context__
    return told


def _parsed(body: bytes) -> Any:
    try:
        return read_value(body)
    except ValueError:
        return None


def _ahead_ms(response: httpx.Response, began_ms: int, ended_ms: int) -> int | None:
    """Against the middle of the second that the server names, from the middle of the call."""
    try:
        told: datetime = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return None
    return (began_ms + ended_ms) // 2 - (millis(told) + 500)
