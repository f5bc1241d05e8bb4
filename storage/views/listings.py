"""The common parts of the dashboard's lists: pages that cost the same however large a table has grown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from storage.readers import Readers

PAGE = 50
"""Rows of a page."""
SPAN = 20_000
"""The number of rows that a filter which no index serves may look at for one page."""
MAX_COUNT = 100_000
"""The number up to which a page counts."""
NEWEST = 2**63 - 1
"""Above every key: where a list begins."""

Item = TypeVar("Item")
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Item, Key]):
    """Some rows of a list. `next` is the key that the next page begins behind, None at the list's end.

    `is_cut`: there may be fewer rows than a page holds, as SPAN rows were looked at.
    """

    rows: list[Item]
    next: Key | None
    is_cut: bool = False


def page_of(rows: Sequence[Item], key: Callable[[Item], Key], *, cut_at: Key | None = None) -> ListPage[Item, Key]:
    """The page of at most PAGE + 1 rows that were asked for; `cut_at` is where the search for them had to end."""
    if len(rows) > PAGE:
        return ListPage(list(rows[:PAGE]), key(rows[PAGE - 1]))
    return ListPage(list(rows), cut_at, is_cut=cut_at is not None)


async def search_floor(readers: Readers, keys: str, params: Mapping[str, Any]) -> int | None:
    """The last key that a search may look at; None where that is all. `keys` selects them as `key`, newest first."""
    row = await readers.fetch_one(f"SELECT min(key), count(*) FROM ({keys} LIMIT {SPAN}) AS found", params)
    assert row is not None
    return row[0] if row[1] == SPAN else None


async def count_up(readers: Readers, rows: str, params: Mapping[str, Any] | None = None) -> int:
    """The number of rows that a query gives; MAX_COUNT + 1 stands for any more."""
    row = await readers.fetch_one(f"SELECT count(*) FROM ({rows} LIMIT {MAX_COUNT + 1}) AS found", params or {})
    assert row is not None
    return int(row[0])


def text(value: object) -> str | None:
    """A value out of JSON of another program, whatever it is, as text."""
    return None if value is None else str(value)
