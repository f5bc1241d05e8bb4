"""How a person opens the chat page and writes on it."""

from __future__ import annotations

from playwright.async_api import Page, expect

from emulator import Person
from tests.house import House
from tests.web.browser.looking import LOOKS, Look, Witness

PHONE = LOOKS[-1]


def you(house: House) -> Person:
    """The person whom the page has made."""
    return next(person for person in house.world.people.values() if person.first_name == "You")


async def visit(tab: Witness, house: House, look: Look = LOOKS[0]) -> Page:
    """Open the page, which is then ready to be written on."""
    await tab.go(f"{house.server.url}/", look)
    await expect(tab.page.get_by_role("heading", name="polar_test_bot")).to_be_visible()
    return tab.page


async def write(page: Page, text: str) -> None:
    """Type and send."""
    await page.get_by_label("Message", exact=True).fill(text)
    await page.keyboard.press("Enter")


def counts(problem: str) -> bool:
    """True of what is wrong; a stream's end is none, nor the ellipsis of a chat's last words or a topic's name."""
    return "/page/events" not in problem and not problem.startswith(
        ("cut off: <span>", 'cut off: <button type="button" data-focus="topic"')
    )
