"""Dashboards that need no loading, as they are forks of a process that has loaded them."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import TextIO

from web import __main__ as dashboard

LOADED = ["tests.web.forked", "uvicorn.lifespan.on"]


@contextmanager
def forked(
    arguments: Sequence[str], secret: str = "", now_ms: int | None = None
) -> Iterator[tuple[ForkServerProcess, TextIO]]:
    """`python -m web` with these arguments, and where its standard error can be read; killed if it still runs.

    Where an instant is given, it is never later for it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    reading, writing = context.Pipe(duplex=False)
    process = context.Process(target=_become, args=(writing, arguments, secret, now_ms), daemon=True)
    process.start()
    writing.close()
    with reading, os.fdopen(os.dup(reading.fileno()), encoding="utf-8") as error:
        try:
            yield process, error
        finally:
            process.kill()
            process.join()


def _become(error: Connection, arguments: Sequence[str], secret: str, now_ms: int | None) -> None:
    """As if this process had been started so."""
    if now_ms is not None:
        time.time_ns = lambda: now_ms * 1_000_000
    os.dup2(error.fileno(), 2)
    error.close()
    handed = []
    if secret:
        reading, writing = os.pipe()
        os.write(writing, secret.encode())
        os.close(writing)
        handed = ["--secret-fd", str(reading)]
    sys.argv = [str(dashboard.__file__), *arguments, *handed]
    sys.exit(dashboard.main())
