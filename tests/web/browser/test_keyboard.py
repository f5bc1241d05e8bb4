"""Everything on the dashboard can be done with keys alone."""

from __future__ import annotations

import pytest

from tests.web.browser.looking import LOOKS, Look, Witness
from tests.web.browser.site import NAVIGATION
from tests.web.house import Web
from web.app import PAGES

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
LABELS = [page.label for page in PAGES if page.label]


@pytest.mark.parametrize("look", LOOKS[1:3])
async def test_tab_reaches_the_skip_link_and_then_every_page(tab: Witness, plausible: Web, look: Look) -> None:
    """Keys go in the order of reading, and whoever uses them sees where they are."""
    await tab.go(plausible.url, look)
    reached = []
    for _ in range(len(LABELS) + 2):
        await tab.page.keyboard.press("Tab")
        focused = await tab.focus()
        assert focused.outlined and focused.inside, focused
        reached.append(focused.name)
    assert reached == ["Skip to the content", "Polar", *LABELS]


async def test_the_skip_link_leads_past_the_navigation(tab: Witness, plausible: Web) -> None:
    """After it, Tab goes on within the page's content."""
    await tab.go(f"{plausible.url}/runs", LOOKS[0])
    await tab.page.keyboard.press("Tab")
    await tab.page.keyboard.press("Enter")
    assert (await tab.focus()).tag == "main"
    await tab.page.keyboard.press("Tab")
    assert await tab.page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("path", NAVIGATION)
async def test_nothing_that_takes_keys_is_hidden_or_a_trap(tab: Witness, plausible: Web, path: str) -> None:
    """From the first to the last, each element shows its focus, and Tab leaves it again."""
    await tab.go(plausible.url + path, LOOKS[-1])
    total = await tab.page.evaluate(_TAKES_KEYS)
    seen = []
    for _ in range(total):
        await tab.page.keyboard.press("Tab")
        focused = await tab.focus()
        assert focused.outlined, focused
        seen.append(await tab.page.evaluate(_PLACE))
    assert seen == sorted(set(seen))


async def test_memory_is_searched_by_keyboard(tab: Witness, plausible: Web) -> None:
    """Typing and Enter suffice."""
    await tab.go(f"{plausible.url}/memory", LOOKS[0])
    await tab.page.get_by_label("Words").focus()
    await tab.page.keyboard.type("bicycle place")
    async with tab.page.expect_navigation():
        await tab.page.keyboard.press("Enter")
    rows = await tab.page.locator("tbody tr").all_inner_texts()
    assert rows and all("bicycle" in row for row in rows)
    assert await tab.page.get_by_label("Words").input_value() == "bicycle place"


async def test_a_wide_table_scrolls_by_keyboard(tab: Witness, plausible: Web) -> None:
    """On a phone, whoever cannot swipe sees all columns too."""
    await tab.go(f"{plausible.url}/runs", LOOKS[-1])
    table = tab.page.get_by_role("region").filter(has=tab.page.get_by_role("table")).first
    await table.focus()
    await tab.page.evaluate(_AWAIT_SCROLL)
    await tab.page.keyboard.press("ArrowRight")
    assert await tab.page.evaluate("window.scrolled") > 0


_TAKES_KEYS = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter(element => element.checkVisibility()).length"""
_PLACE = """() => [...document.querySelectorAll("*")].indexOf(document.activeElement)"""
_AWAIT_SCROLL = """() => { window.scrolled = new Promise(done => document.activeElement.addEventListener(
  "scroll", event => done(event.target.scrollLeft), {once: true})) }"""
