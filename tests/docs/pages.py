"""The Markdown files of the project, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.house import CHECKOUT

DOCS = CHECKOUT / "docs"
PAGES = sorted([*CHECKOUT.glob("*.md"), *DOCS.rglob("*.md")])
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^(#+) (.+)$", re.MULTILINE)


def name(page: Path) -> str:
    """How a test names a page."""
    return page.relative_to(CHECKOUT).as_posix()


@cache
def prose(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a language."""
    return [match[3] for match in _FENCE.finditer(page.read_text(encoding="utf-8")) if match[2] == language]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in _SECTION.findall(prose(page))}


def column_tables(page: Path) -> dict[str, list[tuple[str, str]]]:
    """Column names and types under each heading or line that is a table's name in backticks."""
    found: dict[str, list[tuple[str, str]]] = {}
    table = ""
    for line in prose(page).splitlines():
        if heading := re.fullmatch(r"(?:### )?`(polar_\w+)`", line):
            table = heading[1]
        elif line.startswith("## "):
            table = ""
        elif table and (row := re.match(r"\| `(\w+)` \| ([^|]+) \|", line)):
            found.setdefault(table, []).append((row[1], row[2].strip()))
    return found


def words(page: Path, pattern: str) -> Iterator[str]:
    """What in a page, code blocks included, has this form."""
    yield from re.findall(pattern, page.read_text(encoding="utf-8"))
