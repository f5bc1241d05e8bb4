"""What people and other programs wrote does nothing in a browser."""

from __future__ import annotations

import pytest

from tests.web.browser.looking import Witness
from tests.web.browser.site import EVERY_PAGE
from tests.web.house import Web
from web.pages.artifacts import FILES

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
OF_PEOPLE = [path for path in EVERY_PAGE if not path.startswith("/artifacts") and "?" not in path]
_LEADS_AWAY = """() => [...document.querySelectorAll("*")].flatMap(element => [...element.attributes].filter(
  ({name, value}) => name.startsWith("on") || name === "style" || /^\\s*(javascript|data|https?):/i.test(value)
).map(attribute => element.tagName + " " + attribute.name))"""


@pytest.mark.parametrize("path", OF_PEOPLE)
async def test_harmful_text_is_read_as_text(tab: Witness, hostile: Web, path: str) -> None:
    """A script is shown, and signs that nobody sees are named."""
    await tab.go(hostile.url + path)
    text = await tab.text()
    assert "<script>alert(1)</script>" in text
    assert "U+202E" in text and "\u202e" not in text


@pytest.mark.parametrize("path", EVERY_PAGE)
async def test_no_element_comes_from_a_row(tab: Witness, hostile: Web, path: str) -> None:
    """Nothing of a row becomes an element, a handler, a style or an address."""
    await tab.go(hostile.url + path)
    assert await tab.page.locator("script, iframe, object, embed, base, main img, main style").count() == 0
    assert await tab.page.evaluate(_LEADS_AWAY) == []
    assert await tab.page.locator("main").count() == 1


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
