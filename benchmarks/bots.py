"""The bots that are measured, as commands: Polar as `polar run` starts it, and its peers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.peers.task import TOKEN, Task
from bot.home import ROOT
from bot.settings import environment
from storage.location import Location

PEERS = ROOT / ".venv-peers"
"""The environment of requirements/peers.txt."""
POLAR, BARE, STORING, AIOGRAM = "Polar", "bare PTB", "PTB, aiosqlite", "aiogram"
BOTS = {
    POLAR: "all is durable before it is acknowledged",
    BARE: "keeps nothing",
    STORING: "each update stored, as durably",
    AIOGRAM: "keeps nothing",
}
UNLIMITED = 1_000_000
STOP_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a bot is started."""

    arguments: list[str]
    environment: Mapping[str, str] | None = None
    patience_s: float = 0
    """How long it may take to end; at once where nothing is kept that would matter."""


def polar(api: str, database: Location, settings: Mapping[str, Any], *module: str) -> Command:
    """Polar with its defaults and these settings; as `polar run`, or as a module that runs it and watches it."""
    values = {"telegram_bot_token": TOKEN, "telegram_api_url": api, "database": database, "access": "open", **settings}
    return Command(
        arguments=[sys.executable, "-m", *(module or ("bot", "run"))],
        environment=environment(os.environ, values),
        patience_s=STOP_S,
    )


def peer(name: str, task: Task) -> Command:
    """One of the others."""
    module = "benchmarks.peers.on_aiogram" if name == AIOGRAM else "benchmarks.peers.on_ptb"
    return Command(arguments=[str(PEERS / "bin" / "python"), "-m", module, json.dumps(asdict(task))])
