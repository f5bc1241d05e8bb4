"""The demo on a server: what it refuses there; that all it claims is true there, tests/test_wheel.py has."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.stage import DemoFailed, Stage
from storage.location import ServerUrl

pytestmark = pytest.mark.slow


async def test_the_demo_plays_where_nothing_is_yet(tmp_path: Path, emptied: str) -> None:
    """Tables alone are a bot's already: nothing is started beside them."""
    stage = Stage(tmp_path, ServerUrl(emptied))
    try:
        with pytest.raises(DemoFailed, match="holds a bot's rows already"):
            await stage.open()
    finally:
        await stage.close()
