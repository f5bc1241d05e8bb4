"""Talking HTTP to the Bot API, through either of two libraries. What the rest relies on is PTB's BaseRequest."""

from __future__ import annotations

import logging
from functools import partial
from typing import Literal, Protocol

from telegram.request import BaseRequest

from bot.http.bot_api import OnRefusal, trusted
from bot.http.over_aiohttp import AiohttpTransport
from bot.http.over_httpx import HttpxTransport
from bot.http.proxies import proxy_for

log = logging.getLogger("polar.http")


class MakeTransport(Protocol):
    """Makes a transport with so many connections, and these time-outs in seconds."""

    def __call__(self, *, connection_pool_size: int, read_timeout: float, pool_timeout: float) -> BaseRequest:
        """Opens nothing yet."""


def choose(wanted: Literal["aiohttp", "httpx"], url: str, on_refusal: OnRefusal) -> MakeTransport:
    """The way to the server at `url`: as wanted, but httpx for a proxy that aiohttp cannot speak to.

    `on_refusal` is called when the token is refused. Raises SettingsError where the environment names a proxy of no
    known kind.
    """
    proxy = proxy_for(url)
    if wanted == "aiohttp" and proxy is not None and proxy.scheme != "http":
        log.info("httpx is taken instead of aiohttp, which does not speak to proxies by %s", proxy.scheme)
        wanted = "httpx"
    transport = AiohttpTransport if wanted == "aiohttp" else HttpxTransport
    return partial(transport, on_refusal=on_refusal, tls=trusted(), proxy=proxy)
