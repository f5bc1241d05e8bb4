"""Where Polar finds what is the operator's own, and its own processes: both differ where it is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = frozenset({"bot", "demo", "emulator", "exports", "middleware", "storage", "teaching", "web"})
_OF_A_CHECKOUT = ("pyproject.toml", "Makefile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The folder of `.env`, of relative paths and of the operator's own modules; and how the demo is called there."""

    folder: Path
    demo: str


def find(root: Path = ROOT) -> Home:
    """The checkout that holds our packages, whatever the current folder; installed, the current folder."""
    if is_checkout(root):
        return Home(folder=root, demo="make demo")
    return Home(folder=Path.cwd(), demo="polar demo")


def is_checkout(root: Path = ROOT) -> bool:
    """True if our packages lie in a checkout, not where packages are installed."""
    return all((root / name).is_file() for name in _OF_A_CHECKOUT)


def command(module: str, *arguments: str) -> list[str]:
    """The command line of one of our processes.

    With -P the current folder is no part of the module path: a bot.py or web/ that lies there is not ours.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(inherited: Mapping[str, str], root: Path = ROOT) -> dict[str, str]:
    """The environment in which that command finds our packages, also those of a checkout on no module path."""
    if not is_checkout(root):
        return dict(inherited)
    path = (str(root), inherited.get("PYTHONPATH", ""))
    return {**inherited, "PYTHONPATH": os.pathsep.join(filter(None, path))}


def become(module: str, *arguments: str, inherited: Mapping[str, str]) -> NoReturn:
    """Go on as another of our processes: it keeps the process id, so signals reach it."""
    os.execve(sys.executable, command(module, *arguments), environment(inherited))  # noqa: S606 - no shell is meant
