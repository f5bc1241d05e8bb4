"""`python -m tests.loaded`: a process that has loaded what `polar run` is made of, and forks where one is ordered.

Loading takes a second of a processor, which is longer than most bots live that a test kills. Each line on standard
input is an order, each line that it prints a number: for an `Order` the id of a new process, which is that command; for
the id of one that has ended, its status. Where no more orders can come, all of them end.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TypedDict

import bot.__main__ as polar
from bot import home
from bot.run import settle_process

LATE = ("bot.cli.running", "certifi", "storage.postgres.attendance", "storage.postgres.engine", "tests.responders")
"""What a bot imports once it runs, on either engine."""


class Order(TypedDict):
    """A command of `polar`, with the variables that it has and no others, as if it were installed in that folder."""

    arguments: list[str]
    variables: dict[str, str]
    folder: str
    """Empty in the checkout."""
    typed: str
    """The file that is its input."""
    log: str
    """The file behind which all that it prints is written."""


def main() -> None:
    """Obey."""
    for name in LATE:
        importlib.import_module(name)
    settle_process()
    living: set[int] = set()
    while line := sys.stdin.readline():
        order = json.loads(line)
        if "ended" in order:
            living.remove(order["ended"])
            _tell(os.waitstatus_to_exitcode(os.waitpid(order["ended"], 0)[1]))
        elif pid := os.fork():
            living.add(pid)
            _tell(pid)
        else:
            _become(order)
            polar.main()
            return
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(order: Order) -> None:
    """As if this process had been started so."""
    typed = os.open(order["typed"], os.O_RDONLY)
    written = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for opened, place in ((typed, 0), (written, 1), (written, 2)):
        os.dup2(opened, place)
    os.close(typed)
    os.close(written)
    os.environ.clear()
    os.environ.update(order["variables"])
    time.tzset()
    if order["folder"]:
        os.chdir(order["folder"])
        home.find = lambda: home.Home(folder=Path.cwd(), demo="")  # type: ignore[misc,assignment]
    sys.argv = [str(polar.__file__), *order["arguments"]]


if __name__ == "__main__":
    main()
