"""Pages are read in editors and terminals, too: their lines have at most 120 characters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import reference
from tests.docs import conversation
from tests.docs.pages import PAGES, name

WIDTH = 120
MADE = {reference.SETTINGS, reference.COMMANDS, reference.SCHEMA, conversation.PAGE}
"""Made from the code, where a line is as long as what it says."""
ADDRESS = re.compile(r"\]\([^)]*\)")


@pytest.mark.parametrize("page", [page for page in PAGES if page not in MADE], ids=name)
def test_no_line_is_longer_than_a_screen_is_wide(page: Path) -> None:
    """Rows of tables excepted, which cannot be broken, and the addresses of links."""
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("|") and len(ADDRESS.sub("]", line)) > WIDTH] == []
