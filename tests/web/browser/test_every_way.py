"""The dashboard used in other ways than by mouse: by keys alone, without scripts, enlarged, printed; and its log-in.

In one file, so that they share a browser, a database and its dashboards, each of which takes seconds to be made.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.web.browser.looking import LOOKS, Look, Witness
from tests.web.browser.site import EVERY_PAGE, NAVIGATION
from tests.web.house import SECRET, Web
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


@pytest.mark.parametrize("path", EVERY_PAGE)
async def test_a_page_shows_the_same_without_scripts(
    tab: Witness, plain_tab: Witness, plausible: Web, path: str
) -> None:
    """There is no script that could be missing."""
    assert await plain_tab.go(plausible.url + path) == 200
    await tab.go(plausible.url + path)
    assert await plain_tab.page.locator("main").inner_text() == await tab.page.locator("main").inner_text()
    assert await plain_tab.page.locator("script").count() == 0


async def test_runs_are_filtered_without_scripts(plain_tab: Witness, plausible: Web) -> None:
    """The form is the browser's own."""
    await plain_tab.go(f"{plausible.url}/runs")
    await plain_tab.page.get_by_label("Status").select_option("failed")
    async with plain_tab.page.expect_navigation():
        await plain_tab.page.get_by_role("button", name="Show").click()
    rows = await plain_tab.page.locator("tbody tr").all_inner_texts()
    assert rows and all("failed" in row for row in rows)


async def test_older_rows_are_reached_without_scripts(plain_tab: Witness, plausible: Web) -> None:
    """Each further page shows other rows, until there are no more."""
    await plain_tab.go(f"{plausible.url}/runs")
    seen = await plain_tab.page.locator("tbody tr").all_inner_texts()
    while await (older := plain_tab.page.get_by_role("link", name="Older")).count():
        async with plain_tab.page.expect_navigation():
            await older.click()
        seen += await plain_tab.page.locator("tbody tr").all_inner_texts()
    assert len(seen) == len(set(seen)) > 100


async def test_the_numbers_of_a_chart_can_be_opened(plain_tab: Witness, plausible: Web) -> None:
    """Whoever does not see a chart, or wants it to the digit, has its table."""
    await plain_tab.go(plausible.url)
    figures = plain_tab.page.locator("figure:has(svg.chart)")
    assert await figures.count() >= 2
    for figure in await figures.all():
        await figure.locator("summary").first.click()
        assert await figure.locator("tbody tr").first.is_visible()


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


async def test_a_wrong_secret_is_told_and_the_right_one_leads_on(tab: Witness, locked: Web) -> None:
    """By keyboard alone: the form is ready to type into, says what was wrong, and opens the page that was asked for."""
    await tab.go(f"{locked.url}/runs?status=failed", LOOKS[-1])
    await _enter(tab.page, "not the secret")
    alert = tab.page.get_by_role("alert")
    assert await alert.inner_text() == "That is not the secret."
    tab.complaints.clear()  # browsers note the 401
    assert await tab.problems() == []
    await _enter(tab.page, SECRET)
    assert tab.page.url == f"{locked.url}/runs?status=failed"
    assert await tab.page.get_by_role("heading", level=1).inner_text() == "Runs"
    assert tab.strangers(locked.url) == []


@pytest.mark.parametrize("look", LOOKS)
async def test_the_form_serves_everybody(tab: Witness, locked: Web, look: Look) -> None:
    """Log-in comes first, so whoever cannot use it can use nothing."""
    await tab.go(locked.url, look)
    assert await tab.problems() == []


async def test_the_session_is_kept_from_scripts_and_other_sites(tab: Witness, locked: Web) -> None:
    """The cookie is HttpOnly and SameSite=Strict, ends by itself, and does not hold the secret."""
    await tab.go(locked.url)
    await _enter(tab.page, SECRET)
    (cookie,) = await tab.page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert cookie["expires"] > 0 and SECRET not in cookie["value"]
    assert await tab.page.evaluate("document.cookie") == ""


async def test_logging_out_ends_the_session(tab: Witness, locked: Web) -> None:
    """The button on every page; afterwards each page asks for the secret again."""
    await tab.go(locked.url)
    await _enter(tab.page, SECRET)
    async with tab.page.expect_navigation():
        await tab.page.get_by_role("button", name="Log out").click()
    assert await tab.page.context.cookies() == []
    await tab.go(f"{locked.url}/memory")
    assert "/login" in tab.page.url


async def test_the_form_works_without_scripts(plain_tab: Witness, locked: Web) -> None:
    """Nothing of log-in or log-out is a script."""
    await plain_tab.go(locked.url)
    await _enter(plain_tab.page, SECRET)
    assert plain_tab.page.url == f"{locked.url}/"
    async with plain_tab.page.expect_navigation():
        await plain_tab.page.get_by_role("button", name="Log out").click()
    assert "/login" in plain_tab.page.url


async def _enter(page: Page, secret: str) -> None:
    """Type into the field that has the focus from the beginning."""
    await page.locator("input:focus").wait_for()
    await page.keyboard.type(secret)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
