"""The server: the model's interface on loopback, and a few calls for those in another process."""

from __future__ import annotations

import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..listener import Listener
from .answers import Answer
from .completions import Completions
from .model import Model


class ModelServer(Listener):
    """Serves a model while its context lasts. Arguments and errors are those of Listener.

    `POST /control/order` takes the answers to the next requests, a JSON list; `POST /control/release` lets go what
    waits; `GET /control/requests` shows what was asked.
    """

    def __init__(self, model: Model | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.model = model or Model()

    @property
    def url(self) -> str:
        """The base of the interface's addresses, without a slash at the end."""
        return f"{super().url}/v1"

    async def _let_go(self) -> None:
        await self.model.close()

    def _application(self) -> Starlette:
        completions = Completions(self.model, self._cut)
        return Starlette(
            routes=[
                Route("/v1/chat/completions", completions, methods=["POST"]),
                Route("/v1/models", self._models),
                Route("/control/order", self._order, methods=["POST"]),
                Route("/control/release", self._release, methods=["POST"]),
                Route("/control/requests", self._requests),
            ]
        )

    async def _models(self, _: Request) -> JSONResponse:
        listed = [{"id": self.model.name, "object": "model", "created": 0, "owned_by": "polar"}]
        return JSONResponse({"object": "list", "data": listed})

    async def _order(self, request: Request) -> JSONResponse:
        try:
            self.model.order(*(Answer.from_json(given) for given in json.loads(await request.body())))
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": f"expected a list of answers: {error}"}, 400)
        return JSONResponse({})

    async def _release(self, _: Request) -> JSONResponse:
        self.model.release()
        return JSONResponse({})

    async def _requests(self, _: Request) -> JSONResponse:
        return JSONResponse([{"request": e.request, "ended": e.ended} for e in self.model.exchanges])
