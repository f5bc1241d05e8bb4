"""`python -m tests.loaded`: a process that has loaded what `polar run` is made of, and forks where one is ordered.

Loading takes a second of a processor, which is longer than most bots live that a test kills. Each line on standard
input is an order, each line that it prints a number: for variables and a log the id of a new process, which is
`polar run` with these; for the id of one that has ended, its status. Where no more orders can come, all of them end.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping

import bot.__main__ as polar
from bot.run import settle_process

LATE = ("bot.cli.running", "certifi", "storage.postgres.attendance", "storage.postgres.engine", "tests.responders")
"""What a bot imports once it runs, on either engine."""


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
            _become(order["variables"], order["log"])
            polar.main()
            return
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(variables: Mapping[str, str], log: str) -> None:
    """As if this process had been started so."""
    nothing, written = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for opened, place in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(opened, place)
    os.close(nothing)
    os.close(written)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = [str(polar.__file__), "run"]


if __name__ == "__main__":
    main()
