"""Every page, looked at in a browser: on every screen, with rows that do no harm, without rows, and refused."""

from __future__ import annotations

import pytest

from tests.web.browser.looking import COLOURS, LOOKS, NARROWEST, RULES, Witness
from tests.web.browser.site import EVERY_PAGE, NAVIGATION
from tests.web.house import Web
from web.pages.artifacts import FILES

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
OF_PEOPLE = [path for path in EVERY_PAGE if not path.startswith("/artifacts") and "?" not in path]
_LEADS_AWAY = """() => [...document.querySelectorAll("*")].flatMap(element => [...element.attributes].filter(
  ({name, value}) => name.startsWith("on") || name === "style" || /^\\s*(javascript|data|https?):/i.test(value)
).map(attribute => element.tagName + " " + attribute.name))"""


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
    """Nothing of a row becomes an element, a handler, a style or an address; no script runs, nothing is fetched from
    elsewhere, and the page keeps its shape."""
    assert await tab.go(hostile.url + path) == 200
    assert await tab.page.locator("script, iframe, object, embed, base, main img, main style").count() == 0
    assert await tab.page.evaluate(_LEADS_AWAY) == []
    assert await tab.page.locator("main").count() == 1
    for look in LOOKS[::3]:  # the test above has seen the other two
        await tab.turn_to(look)
        assert await tab.problems() == [], look
    for look in (*LOOKS[1:3], NARROWEST):
        await tab.turn_to(look)
        assert await tab.layout() == [], look
    assert await tab.page.evaluate("typeof window.hacked") == "undefined"
    assert tab.strangers(hostile.url) == []


@pytest.mark.parametrize("path", OF_PEOPLE)
async def test_harmful_text_is_read_as_text(tab: Witness, hostile: Web, path: str) -> None:
    """A script is shown, and signs that nobody sees are named."""
    await tab.go(hostile.url + path)
    text = await tab.text()
    assert "<script>alert(1)</script>" in text
    assert "U+202E" in text and "\u202e" not in text


@pytest.mark.parametrize("file", FILES)
async def test_an_export_is_shown_as_a_document_without_links(tab: Witness, hostile: Web, file: str) -> None:
    """Whatever a file holds: headings and tables are made of it, and every address in it stays text."""
    await tab.go(f"{hostile.url}/artifacts/{file}")
    document = tab.page.get_by_role("article")
    assert await document.get_by_role("heading").count() >= 1
    assert await document.get_by_role("link").count() == 0
    assert await document.locator("img").count() == 0


async def test_a_forged_file_does_no_harm(tab: Witness, hostile: Web) -> None:
    """Even one that we have not made, with scripts, pictures and addresses in it."""
    await tab.go(f"{hostile.url}/artifacts/HEARTBEAT.md")
    text = await tab.page.get_by_role("article").inner_text()
    assert "<script>window.hacked = 1</script>" in text and "[run](javascript:window.hacked=5)" in text
    assert await tab.page.evaluate("typeof window.hacked") == "undefined"
    assert await tab.page.get_by_role("heading", name="Not from us").is_visible()
    assert tab.complaints == [] and tab.strangers(hostile.url) == []


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
