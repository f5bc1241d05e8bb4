"""The option that says from which UTC day on totals are told, which are kept by day."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

EVER = ""
"""Before every day."""
Since = Annotated[str, typer.Option("--since", metavar="DATE", help="From this UTC day on, like 2026-11-01.")]


def day(written: str) -> str:
    """The day as totals have it, EVER for ''; wrong usage for what is none."""
    if not written:
        return EVER
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        raise typer.BadParameter(f"--since: expected a day like 2026-11-01 (found {written!r:.80})") from None
