"""The page that shows a conversation as the model received it shows what is sent."""

from __future__ import annotations

from tests.docs.conversation import PAGE, played
from tests.house import House


async def test_the_model_is_told_what_the_page_says(house: House) -> None:
    """Line by line, played again."""
    assert PAGE.read_text(encoding="utf-8") == await played(house), "run: make docs"
