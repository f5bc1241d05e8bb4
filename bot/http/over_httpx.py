"""The Bot API through httpx: slower, and able to go through every kind of proxy."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
from telegram.error import NetworkError
from telegram.request import HTTPXRequest

from bot.http.bot_api import OnRefusal, Unsent, check, parse_answer
from bot.http.proxies import Proxy

# The request never left this machine, or went no further than a proxy that refused the way: it had no effect.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class HttpxTransport(HTTPXRequest):
    """httpx, telling apart what was never sent from what may have arrived."""

    def __init__(self, *, on_refusal: OnRefusal, tls: ssl.SSLContext, proxy: Proxy | None, **options: Any) -> None:
        address = None if proxy is None else proxy.address
        # What the environment says of proxies has been read already, by the rules that both transports share.
        super().__init__(proxy=address, httpx_kwargs={"verify": tls, "trust_env": False}, **options)
        self._on_refusal = on_refusal

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """As BaseRequest has it; raises Unsent, or another NetworkError when the effect is unknown."""
        try:
            status, body = await super().do_request(*args, **kwargs)
        except NetworkError as error:
            if isinstance(error.__cause__, _UNSENT):
                raise Unsent(f"not sent: {type(error.__cause__).__name__}") from error
            raise
        check(status, body, self._on_refusal)
        return status, body

    parse_json_payload = staticmethod(parse_answer)
