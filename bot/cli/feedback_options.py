"""The options that the commands about feedback share, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.clock import millis, new_token
from bot.errors import CannotRun
from bot.feedback.pseudonyms import Pseudonyms
from storage.readers import Readers
from storage.tables.keys import FILES, Keys

AUTOMATIONS = "automations"
FromThen = Annotated[
    str, typer.Option("--since", metavar="DATE", help="Answers from then on: 2026-11-01, or 2026-11-01T12:00:00Z.")
]
Include = Annotated[
    list[str] | None,
    typer.Option("--include", metavar=AUTOMATIONS, help="Answers of automations as well: 👎 there may mean “not now”."),
]
FreshIds = Annotated[
    bool, typer.Option("--fresh-ids", help="Ids and instants by which nothing can be linked to another file.")
]


def instant_ms(written: str) -> int:
    """Milliseconds since the epoch of a date or an instant, in UTC unless it says otherwise; 0 for ''."""
    if not written:
        return 0
    try:
        moment = datetime.fromisoformat(written)
        return millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        expected = "expected a date like 2026-11-01 or an instant like 2026-11-01T12:00:00Z"
        raise typer.BadParameter(f"--since: {expected} (found {written!r:.80})") from None


def includes_automations(included: Sequence[str] | None) -> bool:
    """True if they are asked for."""
    for name in included or ():
        if name != AUTOMATIONS:
            raise typer.BadParameter(f"--include: expected {AUTOMATIONS} (found {name!r:.80})")
    return bool(included)


async def pseudonyms(readers: Readers, *, are_fresh: bool) -> Pseudonyms:
    """By the key of the database, or by one that nobody keeps."""
    key = new_token() if are_fresh else await Keys(readers).find(FILES)
    if key is None:
        raise CannotRun("the key for ids in files is gone from polar_keys; --fresh-ids needs none")
    return Pseudonyms(key, is_fresh=are_fresh)
