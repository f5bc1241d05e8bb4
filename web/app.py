"""The dashboard put together: every page, in the order of the navigation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from storage.errors import StorageError
from storage.views import liveness
from web import errors, login
from web.clock import now_ms
from web.config import Config
from web.login import Login
from web.pages import (
    artifacts,
    automations,
    compare,
    deliveries,
    experiments,
    feedback,
    memory,
    metrics,
    overview,
    runs,
    spend,
)
from web.safety import Safety
from web.source import DatabaseSource

STATIC = Path(__file__).resolve().parent / "static"
PageHandler = Callable[[Request], Awaitable[Response]]


class PageRoute(NamedTuple):
    """A page; without a label it is not in the navigation. Most read the database."""

    path: str
    answer: PageHandler
    label: str = ""
    reads: bool = True


PAGES = (
    PageRoute("/", overview.page, "Overview"),
    PageRoute("/feedback", feedback.page, "Feedback"),
    PageRoute("/compare", compare.page, "Compare"),
    PageRoute("/experiments", experiments.page, "Experiments"),
    PageRoute("/runs", runs.page, "Runs"),
    PageRoute("/automations", automations.page, "Automations"),
    PageRoute("/memory", memory.page, "Memory"),
    PageRoute("/spend", spend.page, "Spend"),
    PageRoute("/deliveries", deliveries.page, "Deliveries"),
    PageRoute("/artifacts", artifacts.page, "Exports", reads=False),
    PageRoute("/artifacts/{name}", artifacts.artifact, reads=False),
    PageRoute("/metrics", metrics.page),
)


def create_app(config: Config) -> Starlette:
    """The application of these settings; `app.state.readers` are open while a page that reads is made."""
    source = DatabaseSource(config.database)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await source.close()

    app = Starlette(
        routes=[*_pages(source), *_others(source)],
        middleware=[Middleware(Safety, config=config)],
        exception_handlers={
            HTTPException: errors.refused,
            ClientDisconnect: errors.gone,
            StorageError: errors.unavailable,
            Exception: errors.failed,
        },
        lifespan=lifespan,
    )
    app.state.config = config
    app.state.login = Login(config.secret)
    app.state.navigation = [page for page in PAGES if page.label]
    return app


def _pages(source: DatabaseSource) -> list[Route]:
    return [
        Route(page.path, _reading(source, page.answer) if page.reads else page.answer, methods=["GET"])
        for page in PAGES
    ]


def _others(source: DatabaseSource) -> list[BaseRoute]:
    return [
        Route("/healthz", _healthz(source), methods=["GET"]),
        Route("/login", login.show, methods=["GET"]),
        Route("/login", login.enter, methods=["POST"]),
        Route("/logout", login.leave, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def _reading(source: DatabaseSource, answer: PageHandler) -> PageHandler:
    async def answer_with_readers(request: Request) -> Response:
        async with source.reading() as readers:
            request.app.state.readers = readers
            return await answer(request)

    return answer_with_readers


def _healthz(source: DatabaseSource) -> PageHandler:
    async def answer(request: Request) -> Response:
        """503 where a bot should be alive and is silent; else 200, also where no bot has started yet."""
        try:
            async with source.reading() as readers:
                silent_ms = await liveness.silent_ms(readers, now_ms=now_ms())
        except StorageError:
            # Nothing is known of a bot: the pages say what is wrong with the database.
            return PlainTextResponse("ok, but the database cannot be read\n")
        if silent_ms is not None:
            return PlainTextResponse(f"the bot has been silent for {silent_ms // 1000} s\n", 503)
        return PlainTextResponse("ok\n")

    return answer
