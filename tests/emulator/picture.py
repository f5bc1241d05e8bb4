"""`python -m tests.emulator.picture FILE`: the docs' picture of the chat page, with the real bot; always the same."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, expect

from emulator import Server, World
from middleware.responder import Responder
from middleware.turn import Reply, Turn
from tests.clocks import TestClock
from tests.house import TOKEN, House
from tests.web.browser import chromium

SAID = {
    "How do I see what people think of my answers?": """\
Each reaction is **kept as an event**. The totals are in the dashboard:

```sh
polar web
```

> A reaction that is taken back is an event of its own.""",
    "And by the week?": "Shall I send you the totals every Monday at *nine*? 🗂️",
}


class Scripted:
    """Answers as a model might."""

    def __init__(self, fallback: Responder) -> None:
        self.fallback = fallback

    async def respond(self, turn: Turn) -> Reply:
        """What is said to this."""
        return Reply(text=SAID[turn.text], markdown=True, rateable=True)


def main() -> int:
    """Make the picture; 1 when there is no Chromium, 2 without a file's name."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    program = chromium.find()
    if program is None:
        print(f"There is no Chromium. Install it: {chromium.INSTALL}", file=sys.stderr)
        return 1
    asyncio.run(_take(program, Path(sys.argv[1])))
    return 0


async def _take(program: str, file: Path) -> None:
    clock = TestClock(now_ms=1_795_457_700_000)
    world = World(TOKEN, "polar_bot", clock=lambda: clock.now_ms / 1000)
    with tempfile.TemporaryDirectory() as folder:
        async with Server(world) as server, chromium.running(program) as browser:
            house = House(world, server, Path(folder))
            responder = "tests.emulator.picture:Scripted"
            async with house.bot(clock, responder=responder, feedback_buttons="private", access="open"):
                await _talk(browser, house, file)


async def _talk(browser: Browser, house: House, file: Path) -> None:
    size = {"width": 1100, "height": 720}
    async with await browser.new_context(viewport=size, locale="en-GB", timezone_id="Europe/Berlin") as context:  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(f"{house.server.url}/")
        box = page.get_by_label("Message", exact=True)
        for number, text in enumerate(SAID, 1):
            await box.fill(text)
            await box.press("Enter")
            await expect(page.locator("li.other")).to_have_count(number)
        you = next(iter(house.world.people.values()))
        ann = house.world.person("Ann")
        group = house.world.group("Reading circle", [you, ann])
        house.world.say(group, ann, "Which book is next?")
        first = page.locator("li.other .bubble").first
        await first.hover()
        await first.get_by_role("button", name="React with ❤").click()
        await expect(page.locator(".chip")).to_have_count(1)
        await expect(page.locator("#chats li")).to_have_count(2)
        await box.focus()
        await page.locator("li.other .bubble").last.hover()
        await page.screenshot(path=file, animations="disabled")


if __name__ == "__main__":
    sys.exit(main())
