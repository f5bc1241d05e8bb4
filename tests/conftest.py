"""The real application over HTTP against the embedded Telegram, on a real SQLite file; only time is fake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emulator import Server, World
from tests.house import TOKEN, House


@pytest.fixture
async def world() -> World:
    """A Telegram with one bot and nobody else yet."""
    return World(token=TOKEN, username="polar_test_bot")


@pytest.fixture
async def house(tmp_path: Path, world: World) -> AsyncIterator[House]:
    """A place for bots to run: their Telegram, their database, their settings."""
    async with Server(world) as server:
        yield House(world=world, server=server, folder=tmp_path)
