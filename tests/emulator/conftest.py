"""People of a world, its server in this loop, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from emulator import Chat, Person, Server, World
from tests.emulator.client import Client


@pytest.fixture
def ann(world: World) -> Person:
    """Somebody."""
    return world.person("Ann", username="ann")


@pytest.fixture
def chat(world: World, ann: Person) -> Chat:
    """Her private chat with the bot."""
    return world.private(ann)


@pytest.fixture
async def server(world: World) -> AsyncIterator[Server]:
    """The server, on a free port."""
    async with Server(world) as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    """A bot that calls it."""
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        yield Client(http)
