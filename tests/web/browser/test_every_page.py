"""Every page, looked at in a browser: on every screen, with harmful rows, without rows, and refused."""

from __future__ import annotations

import pytest

from tests.web.browser.looking import COLOURS, LOOKS, NARROWEST, RULES, Witness
from tests.web.browser.site import EVERY_PAGE, NAVIGATION
from tests.web.house import Web

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


@pytest.mark.parametrize("path", EVERY_PAGE)
async def test_a_page_serves_everybody_on_every_screen(tab: Witness, plausible: Web, path: str) -> None:
    """Light or dark, wide, a phone or at 400 %: no error, no rule of accessibility broken, only tables scroll."""
    assert await tab.go(plausible.url + path) == 200
    for look in LOOKS:
        await tab.turn_to(look)
        # Light and wide, dark and narrow: each scheme and each width is held to every rule.
        assert await tab.problems(RULES if look in LOOKS[::3] else COLOURS) == [], look
    await tab.turn_to(NARROWEST)
    assert await tab.layout() == []
    assert tab.strangers(plausible.url) == []


@pytest.mark.parametrize("path", EVERY_PAGE)
async def test_a_page_of_harmful_texts_serves_everybody_too(tab: Witness, hostile: Web, path: str) -> None:
    """Whatever stands in a row, no script runs, nothing is fetched from elsewhere, and the page keeps its shape."""
    assert await tab.go(hostile.url + path) == 200
    for look in LOOKS[::3]:  # the test above has seen the other two
        await tab.turn_to(look)
        assert await tab.problems() == [], look
    for look in (*LOOKS[1:3], NARROWEST):
        await tab.turn_to(look)
        assert await tab.layout() == [], look
    assert await tab.page.evaluate("typeof window.hacked") == "undefined"
    assert tab.strangers(hostile.url) == []


@pytest.mark.parametrize("path", [*NAVIGATION, "/runs?view=board"])
async def test_a_page_without_rows_says_so(tab: Witness, fresh: Web, path: str) -> None:
    """A bot that nobody has written to has pages that can be read."""
    assert await tab.go(fresh.url + path, LOOKS[-1]) == 200
    assert await tab.problems() == []


@pytest.mark.parametrize("path", ["/no-such-page", "/runs?status=unheard-of", "/artifacts/MEMORY.md"])
async def test_a_page_that_is_refused_is_a_page(tab: Witness, fresh: Web, path: str) -> None:
    """An error has a heading, a way on, and words that can be read."""
    status = await tab.go(fresh.url + path, LOOKS[-1])
    assert tab.complaints == [f"console: {_refusal(status)}"]
    tab.complaints.clear()
    assert await tab.problems() == []
    assert await tab.page.locator("main a").count() >= 1


def _refusal(status: int) -> str:
    reason = {400: "Bad Request", 404: "Not Found"}[status]
    return f"Failed to load resource: the server responded with a status of {status} ({reason})"
