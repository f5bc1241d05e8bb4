"""The demo with its database on a PostgreSQL server: the bot does there what it does on a file, kill -9 included."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from bot import home
from demo.stage import DemoFailed, Stage
from storage.location import ServerUrl
from tests import cluster

pytestmark = pytest.mark.slow


async def play(url: str) -> tuple[int | None, str]:
    """The exit status of `polar demo --exit --database`, and what it showed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--exit", "--database", url),
        cwd=home.ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    shown, _ = await process.communicate()
    return process.returncode, shown.decode()


async def test_the_demo_is_true_of_a_server(tmp_path: Path) -> None:
    """All claims hold; the database stays, so that the demo plays there once."""
    with cluster.cluster(is_durable=True) as server, cluster.database(server) as url:
        status, shown = await play(url)
        assert status == 0, shown
        assert shown.count("✔") == 9, shown
        with pytest.raises(DemoFailed, match="holds a bot's rows already"):
            await Stage(tmp_path, ServerUrl(url)).open()
