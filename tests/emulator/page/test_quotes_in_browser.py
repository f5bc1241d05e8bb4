"""Replies and quotes on the chat page in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.emulator.page.visiting import PHONE, counts, visit, write, you
from tests.house import House
from tests.web.browser.looking import Witness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
TEXT = "The meeting is on Thursday at nine.\nBring the budget."
_MARK = """([start, end]) => {
  const text = document.querySelector("li.other .text").firstChild;
  getSelection().setBaseAndExtent(text, start, text, end);
}"""


async def asked(tab: Witness, house: House) -> Page:
    """A page on which the bot has said TEXT."""
    page = await visit(tab, house, PHONE)
    await page.get_by_role("button", name="Start").click()
    room = house.world.room(you(house).id)
    house.world.post(house.world.bot, room, {"text": TEXT}, None, None)
    house.world.changes.notify()
    await expect(page.locator("li.other")).to_have_count(1)
    return page


def tool(page: Page, name: str, message: str = "li.other") -> Locator:
    """What can be done with a message that has the focus."""
    return page.locator(message).last.get_by_role("button", name=name)


def last(house: House) -> dict[str, object]:
    """What You have said last."""
    message: dict[str, object] = list(house.world.room(you(house).id).messages.values())[-1]
    return message


async def test_words_are_quoted_by_keyboard(tab: Witness, house: House) -> None:
    """All of the text is there to be cut down; the quote stands above the answer and leads to the message."""
    page = await asked(tab, house)
    await page.locator("#scroll").focus()
    await page.keyboard.press("ArrowUp")
    await tool(page, "Quote").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Message", exact=True)).to_be_focused()
    await expect(page.get_by_label("Words to quote")).to_have_value(TEXT)
    assert [each for each in await tab.problems() if counts(each)] == []
    while not await page.evaluate("document.activeElement.id === 'quoted'"):
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("Thursday at nine")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Can it be ten?")
    await page.keyboard.press("Enter")
    quote = page.locator("li.own .quote")
    await expect(quote).to_contain_text("Thursday at nine")
    assert last(house)["quote"] == {"text": "Thursday at nine", "position": 18, "is_manual": True}
    await expect(page.get_by_label("Words to quote")).to_be_hidden()
    await quote.click()
    await expect(page.locator("li.other:focus")).to_have_count(1)


async def test_what_is_marked_is_quoted(tab: Witness, house: House) -> None:
    """And all of it when nothing in this message is marked."""
    page = await asked(tab, house)
    await page.locator("li.other").click()
    await page.evaluate(_MARK, [4, 11])
    await tool(page, "Quote").click()
    await expect(page.get_by_label("Words to quote")).to_have_value("meeting")
    await write(page, "which?")
    await expect(page.locator("li.own .quote")).to_contain_text("meeting")
    await page.locator("li.own").last.click()
    await page.evaluate(_MARK, [4, 11])
    await tool(page, "Quote", "li.own").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Words to quote")).to_have_value("which?")


async def test_words_that_are_not_there_are_not_quoted(tab: Witness, house: House) -> None:
    """It is said, and what was written stays; without any words it is a reply; Escape ends it."""
    page = await asked(tab, house)
    await page.locator("li.other").click()
    await tool(page, "Quote").click()
    await page.get_by_label("Words to quote").fill("Friday")
    await write(page, "really?")
    await expect(page.get_by_role("status")).to_contain_text("no such words")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("really?")
    await page.get_by_label("Words to quote").fill("")
    await write(page, "really?")
    await expect(page.locator("li.own .quote")).to_contain_text("The meeting")
    assert "quote" not in last(house) and "reply_to_message" in last(house)
    await page.locator("li.other").click()
    await tool(page, "Reply").click()
    await expect(page.locator("#context")).to_contain_text("Reply to polar_test_bot")
    await expect(page.get_by_label("Words to quote")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(page.locator("#context")).to_be_hidden()
