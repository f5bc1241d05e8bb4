"""The dashboard without scripts: there is none that it needs."""

from __future__ import annotations

import pytest

from tests.web.browser.looking import Witness
from tests.web.browser.site import EVERY_PAGE
from tests.web.house import Web

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


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
