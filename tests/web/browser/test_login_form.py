"""Logging in and out, in a browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.web.browser.looking import LOOKS, Look, Witness
from tests.web.house import SECRET, Web

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


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
