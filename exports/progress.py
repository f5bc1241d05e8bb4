"""The progress of a file, for people who look on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from exports.page import DatedLine

Track = Callable[[str, int, Iterator[DatedLine]], Iterator[DatedLine]]
"""Passes entries on, given a title and how many there are."""


@contextmanager
def shown() -> Iterator[Track]:
    """A bar for each file on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda title, total, entries: entries
        return
    from rich.console import Console  # loaded only where it is seen: a timer's job has no use for it
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bars:
        yield lambda title, total, entries: iter(bars.track(entries, total=total, description=title))
