"""A plain HTTP client of the embedded Telegram."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.house import TOKEN

Json = dict[str, Any]
Files = dict[str, tuple[str, bytes] | tuple[str, bytes, str]]


class Client:
    """Calls methods with JSON bodies; `http` is for everything else."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def call(self, method: str, **params: Any) -> Json:
        """The envelope of the answer."""
        # Dumped here, as httpx would refuse the lone surrogates which the server has to refuse.
        headers = {"content-type": "application/json"}
        response = await self.http.post(f"/bot{TOKEN}/{method}", content=json.dumps(params), headers=headers)
        answer: Json = response.json()
        assert response.status_code == (200 if answer["ok"] else answer["error_code"])
        return answer

    async def form(self, method: str, files: Files, **params: Any) -> Json:
        """The envelope of the answer to a form with files; what is not a text is JSON in it."""
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        answer: Json = (await self.http.post(f"/bot{TOKEN}/{method}", data=fields, files=files)).json()
        return answer

    async def result(self, method: str, **params: Any) -> Any:
        """The result of a call that succeeds."""
        answer = await self.call(method, **params)
        assert answer["ok"], answer
        return answer["result"]

    async def refusal(self, method: str, **params: Any) -> tuple[int, str]:
        """Error code and description of a call that fails."""
        answer = await self.call(method, **params)
        assert not answer["ok"], answer
        return answer["error_code"], answer["description"]
