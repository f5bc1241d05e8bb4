"""Loading what a long-lived process is made of, at no more cost than it needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

FOR_TERMINALS = ("httpx._main", "rich.console")
"""What httpx and structlog import for command lines and tracebacks in colours, and do without where it is missing."""


@contextmanager
def sparing() -> Iterator[None]:
    """What is imported meanwhile finds none of FOR_TERMINALS: a quarter of the time that a bot takes to load."""
    hidden = [name for name in FOR_TERMINALS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None: as if it were not installed
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
