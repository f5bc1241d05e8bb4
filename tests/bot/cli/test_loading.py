"""What a bot's process loads before it begins, and what it does not."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from bot.cli import loading

UNNEEDED = ("click", "genai_prices", "h11", "httpx._main", "openai", "pygments", "rich.console", "starlette", "uvicorn")
STARTED = f"""
import sys
from bot.cli.loading import sparing
with sparing():
    import bot.cli.running
sys.exit(", ".join(name for name in {UNNEEDED} if name in sys.modules))
"""


@pytest.mark.slow
def test_a_bot_that_polls_without_a_model_loads_what_it_needs() -> None:
    """No server, no client of a model, and no command line of others: these take longer than all else."""
    told = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=False)
    assert told.stderr.strip() == ""


def test_what_is_spared_is_there_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is as if it were not installed, but only meanwhile, and only if nobody has imported it before."""
    monkeypatch.setattr(loading, "FOR_TERMINALS", ("colorsys", "json"))
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with loading.sparing():
        assert importlib.import_module("json") is sys.modules["json"]
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)
