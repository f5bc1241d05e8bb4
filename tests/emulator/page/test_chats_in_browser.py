"""Groups, forums and channels on the chat page in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.emulator.page.visiting import PHONE, counts, visit, write, you
from tests.house import House
from tests.looking import awake, idle
from tests.web.browser.looking import Witness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
ECHO = "tests.responders:Echo"


async def make(page: Page, title: str, kind: str) -> None:
    """A chat by the dialog, which is open then."""
    if await page.get_by_role("link", name="All chats").is_visible():
        await page.get_by_role("link", name="All chats").click()
    await page.get_by_role("button", name="New group or channel").click()
    await expect(page.get_by_label("Name")).to_be_focused()
    await page.keyboard.type(title)
    await page.get_by_role("radio", name=kind).check()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=title)).to_be_visible()


async def make_topic(page: Page, name: str) -> None:
    """A topic, which is open then."""
    await page.get_by_role("button", name="New topic").click()
    await page.keyboard.type(name)
    await page.keyboard.press("Enter")
    await expect(page.locator("#topic-list [aria-current]")).to_have_text(name)


async def test_a_forum_with_topics(tab: Witness, house: House) -> None:
    """What is written in a topic is in it, and so is the bot's answer; all topics together say whose each is."""
    async with house.bot(responder=ECHO):
        await awake(house)
        page = await visit(tab, house, PHONE)
        await make(page, "Readers", "Forum")
        await make_topic(page, "Books")
        await write(page, "@polar_test_bot one")
        await expect(page.locator("li.other .text")).to_contain_text("one")
        await make_topic(page, "Places to meet in spring, in summer and in any weather")
        await expect(page.locator("#log .text")).to_have_count(0)
        await write(page, "here")
        await expect(page.locator("li.own .text")).to_have_text(["here"])
        assert [each for each in await tab.problems() if counts(each)] == []
        await page.get_by_role("button", name="General").click()
        await write(page, "to all")
        await expect(page.locator("li.own .text")).to_have_text(["to all"])
        await page.get_by_role("button", name="All", exact=True).click()
        await expect(page.locator("li.own .text")).to_have_text(["@polar_test_bot one", "here", "to all"])
        await expect(page.locator("li.own .topic")).to_have_count(2)
        await page.reload()
        await expect(page.locator("li.own .text")).to_have_count(3)
        await idle(house)
    (group,) = (room for room in house.world.rooms.values() if room.chat.is_forum)
    (answer,) = house.world.sent(group.chat)
    assert group.topics[answer["message_thread_id"]] == "Books"


async def test_a_channel_is_posted_in_by_who_made_it(tab: Witness, house: House) -> None:
    """Who follows it can look, and react, but has no box to write in; the post is edited by its maker."""
    page = await visit(tab, house)
    ann = house.world.person("Ann")
    await expect(page.get_by_role("option", name="Ann")).to_have_count(1)
    await page.get_by_role("button", name="New group or channel").click()
    await page.get_by_label("Name").fill("News")
    await page.get_by_role("radio", name="Channel").check()
    await page.get_by_role("checkbox", name="Ann").check()
    await page.get_by_role("button", name="Make").click()
    await expect(page.locator("#about")).to_have_text("2 subscribers")
    await write(page, "frist")
    await expect(page.locator(".bubble .text")).to_have_text("frist")
    await page.get_by_label("Message", exact=True).press("ArrowUp")
    await page.get_by_label("Message", exact=True).fill("first")
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble .text")).to_have_text("first")
    await page.get_by_label("You are").select_option("Ann")
    await expect(page.get_by_role("heading", name="polar_test_bot")).to_be_visible()
    await page.get_by_role("link", name="News").click()
    await expect(page.get_by_text("Only its administrators post")).to_be_visible()
    await expect(page.get_by_label("Message", exact=True)).to_be_hidden()
    await page.locator(".bubble").hover()
    await page.get_by_role("button", name="React with 🔥").click()
    await expect(page.locator(".chip")).to_have_text("🔥")
    await expect(page.get_by_role("button", name="Edit")).to_have_count(0)
    await expect(page.get_by_role("button", name="Reply")).to_have_count(0)
    channel = next(room for room in house.world.rooms.values() if room.chat.type == "channel")
    assert list(channel.reactions.values()) == [{ann.id: [{"type": "emoji", "emoji": "🔥"}]}]
    assert await tab.layout() == []


async def test_alt_and_an_arrow_turn_to_the_next_chat(tab: Witness, house: House) -> None:
    """In the order of the list, with what was written kept in each."""
    page = await visit(tab, house)
    house.world.group("Readers", [you(house)])
    await expect(page.get_by_role("link", name="Readers")).to_be_visible()
    await page.keyboard.type("not yet")
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.get_by_role("heading", name="Readers")).to_be_visible()
    await expect(page.get_by_label("Message", exact=True)).to_have_value("")
    await page.keyboard.press("Alt+ArrowUp")
    await expect(page.get_by_role("heading", name="polar_test_bot")).to_be_visible()
    await expect(page.get_by_label("Message", exact=True)).to_have_value("not yet")
