"""Pages enlarged, printed and without motion."""

from __future__ import annotations

import pytest

from tests.web.browser.looking import Look, Witness
from tests.web.browser.site import NAVIGATION
from tests.web.house import Web

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


@pytest.mark.parametrize("path", NAVIGATION)
async def test_a_page_loses_nothing_at_a_zoom_of_200_percent(tab: Witness, plausible: Web, path: str) -> None:
    """Twice the size is half the window: the same text, still within reach."""
    await tab.go(plausible.url + path, Look("light", 1280, 800))
    whole = await tab.page.locator("body").inner_text()
    await tab.turn_to(Look("light", 640, 400))
    assert await tab.page.locator("body").inner_text() == whole
    assert await tab.layout() == []


@pytest.mark.parametrize("path", NAVIGATION)
async def test_a_page_can_be_printed(tab: Witness, plausible: Web, path: str) -> None:
    """On paper there is the content, dark on light, and nothing to press."""
    await tab.go(plausible.url + path, Look("dark", 1280, 800))
    await tab.page.emulate_media(media="print", color_scheme="light")
    assert await tab.page.get_by_role("heading", level=1).is_visible()
    assert await tab.page.locator("main").inner_text() != ""
    for hidden in ("nav", "button", "a.skip"):
        assert not any([await found.is_visible() for found in await tab.page.locator(hidden).all()])
    assert (await tab.page.pdf()).startswith(b"%PDF")


async def test_nothing_moves_for_those_who_want_no_motion(tab: Witness, plausible: Web) -> None:
    """Neither scrolling nor anything else is animated."""
    await tab.page.emulate_media(reduced_motion="reduce")
    await tab.go(plausible.url)
    assert await tab.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert await tab.page.evaluate("document.getAnimations().length") == 0
