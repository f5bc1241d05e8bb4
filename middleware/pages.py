"""Lists that people read page by page, a message each."""

from __future__ import annotations

from middleware.texts import say
from middleware.usage import UsageError

A_PAGE = 10


def page_named(written: str) -> int | None:
    """The page that a word asks for, from 1; None where it is no such number."""
    return int(written) if len(written) < 4 and written.isascii() and written.isdecimal() else None


def part_of(page: int, total: int) -> slice:
    """The entries of a page of so many in all; raises UsageError where there is no such page."""
    if not 0 < page <= _pages(total):
        raise UsageError(say("list.no_page", pages=_pages(total)))
    return slice((page - 1) * A_PAGE, page * A_PAGE)


def footer(page: int, total: int, command: str) -> tuple[str, ...]:
    """Which page it is, and how the next one is asked for; nothing where there is one only."""
    pages = _pages(total)
    if pages == 1:
        return ()
    key = "list.page" if page == pages else "list.page_more"
    return (say(key, page=page, pages=pages, command=command, next=page + 1),)


def _pages(total: int) -> int:
    return max(1, -(-total // A_PAGE))
