"""The page about the embedded Telegram names what it can do."""

from __future__ import annotations

import re

from emulator.api import METHODS
from tests.house import CHECKOUT


def test_the_methods_are_those_of_the_table() -> None:
    """All of them, each once, and no other."""
    page = (CHECKOUT / "docs" / "reference" / "embedded-telegram.md").read_text(encoding="utf-8")
    table = page.partition("## Methods")[2].partition("## Texts")[0]
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(METHODS)
