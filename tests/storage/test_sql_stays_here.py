"""SQL stands in storage, and so do the forms of names; other programs (demo, benchmarks, tests) read as they like."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.house import CHECKOUT

SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE FROM|PRAGMA|CREATE|WITH \w+ AS)\b")
NAMES = re.compile(
    r"msg_[ua]_|telegram:chat:|^(root|topic|reply|automation|heartbeat|update|notice|chat):|:placeholder"
)
WRITTEN = {"bot/cli/budget.py", "middleware/turn.py"}
"""Where a form of names is only told to people: in a help text, in a docstring."""


@cache
def texts() -> list[tuple[str, str]]:
    """Every text in the code of the bot, the exports and the dashboard, with the file that it stands in."""
    return list(_texts())


def _texts() -> Iterator[tuple[str, str]]:
    for package in ("bot", "middleware", "exports", "web"):
        for file in (CHECKOUT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield str(file.relative_to(CHECKOUT)), node.value


def test_no_sql_stands_outside_of_storage() -> None:
    """Whoever changes a table has one folder to look through."""
    assert [(file, text) for file, text in texts() if SQL.match(text)] == []


def test_no_name_is_made_or_read_outside_of_storage() -> None:
    """`storage/ids.py` has one function for each form."""
    assert {file for file, text in texts() if NAMES.search(text)} <= WRITTEN


def test_pages_name_chats_by_a_filter() -> None:
    """Templates know no form either."""
    for template in Path(CHECKOUT / "web" / "templates").glob("*.html"):
        assert "telegram:chat" not in template.read_text(encoding="utf-8"), template.name
