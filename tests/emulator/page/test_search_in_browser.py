"""Searching on the chat page in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from emulator import World
from tests.emulator.page.visiting import PHONE, counts, visit, write, you
from tests.house import House
from tests.web.browser.looking import Witness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
MARKS = "[...CSS.highlights.get('found')].map(String)"


def fill(world: World, me: int) -> None:
    """A chat of 150 messages."""
    for number in range(150):
        about = "c++ (a-b) and the Budget" if number == 5 else "nothing"
        world.say(me, world.people[me], f"{number} about {about}")


async def test_a_message_is_found_and_shown_where_it_stands(tab: Witness, house: House) -> None:
    """However far back it is; the words are marked; all of it by keyboard."""
    page = await visit(tab, house, PHONE)
    fill(house.world, you(house).id)
    await page.get_by_role("button", name="Search in this chat").press("Enter")
    await expect(page.get_by_label("Words to search for")).to_be_focused()
    await page.keyboard.type("budget C++ (a-b)")
    await expect(page.locator("#found")).to_have_text("1 found")
    await expect(page.locator("li.own .text")).to_have_text(["5 about c++ (a-b) and the Budget"])
    assert await page.evaluate(MARKS) == ["c++", "(a-b)", "Budget"]
    assert [each for each in await tab.problems() if counts(each)] == []
    show = page.get_by_role("button", name="Show in the chat")
    while not await show.evaluate("button => button === document.activeElement"):
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log > li:focus .text")).to_have_text("5 about c++ (a-b) and the Budget")
    await expect(page.locator("#log > li:focus")).to_be_in_viewport()
    await expect(page.locator("#finding")).to_be_hidden()
    await expect(page.get_by_text("149 about nothing", exact=True)).to_have_count(1)
    assert await page.evaluate(MARKS) == []


async def test_a_search_is_left_again(tab: Witness, house: House) -> None:
    """By Escape, by writing, and with the chat; what was not found is said."""
    page = await visit(tab, house)
    await write(page, "hello")
    search, words = page.get_by_role("button", name="Search in this chat"), page.get_by_label("Words to search for")
    await search.click()
    await words.fill("<img src=x onerror=alert(1)> [")
    await expect(page.locator("#found")).to_have_text("Nothing found")
    await expect(page.get_by_text("No message has these words.")).to_be_visible()
    await words.press("Escape")
    await expect(page.locator("li.own .text")).to_have_text(["hello"])
    await expect(page.get_by_label("Message", exact=True)).to_be_focused()
    await search.click()
    await words.fill("nowhere")
    await expect(page.locator("#found")).to_have_text("Nothing found")
    await write(page, "and on")
    await expect(page.locator("li.own .text")).to_have_text(["hello", "and on"])
    await search.click()
    await words.fill("hello")
    await expect(page.locator("li.own .text")).to_have_text(["hello"])
    house.world.group("Readers", [you(house)])
    await page.get_by_role("link", name="Readers").click()
    await expect(page.locator("#finding")).to_be_hidden()


async def test_a_reply_leads_to_what_is_far_back(tab: Witness, house: House) -> None:
    """Even if the page had not gone back so far; and one that is gone is said to be."""
    page = await visit(tab, house)
    fill(house.world, you(house).id)
    first = min(house.world.room(you(house).id).messages)
    reply = house.world.say(you(house).id, you(house), "this", reply_to=first)
    await page.locator(f"[data-key='{reply}'] .quote").click()
    await expect(page.locator("#log > li:focus .text")).to_have_text("0 about nothing")
    house.world.delete(you(house).id, first)
    await expect(page.locator(f"[data-key='{first}']")).to_have_count(0)
    await page.locator(f"[data-key='{reply}'] .quote").click()
    await expect(page.get_by_role("status")).to_contain_text("is gone")
