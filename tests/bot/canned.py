"""A transport without a network."""

from __future__ import annotations

from typing import Any

from telegram.request import BaseRequest, RequestData


class Canned(BaseRequest):
    """Gives one answer to everything."""

    def __init__(self, status: int, body: bytes) -> None:
        self.answer = status, body

    @property
    def read_timeout(self) -> float | None:
        return 1

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        return self.answer
