"""The chat page in a real browser, with the real bot at the other end."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import FilePayload, expect

from bot.sending import display
from emulator import Chat, Person, World
from tests.emulator.page.visiting import PHONE, counts, visit, write, you
from tests.house import TOKEN, House, until
from tests.looking import awake, idle, reactions
from tests.responders import Writing
from tests.web.browser.looking import LOOKS, NARROWEST, Witness
from tests.web.browser.site import FORGED

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
ECHO = "tests.responders:Echo"
Json = dict[str, Any]
NOTES: FilePayload = {"name": "notes.md", "mimeType": "text/plain", "buffer": b"# Notes\n"}


async def test_who_writes_sees_the_answer(tab: Witness, house: House) -> None:
    """The page makes "You", and the bot answers them."""
    async with house.bot(responder=ECHO):
        page = await visit(tab, house)
        await write(page, "hello")
        await expect(page.locator("li.other .text")).to_have_text("echo: hello")
        await expect(page.locator("li.own .text")).to_have_text("hello")
        await page.reload()
        await expect(page.locator("#log > li .text")).to_have_text(["hello", "echo: hello"])
        await idle(house)
    assert [person.first_name for person in house.world.people.values()] == ["You"]


async def test_a_button_is_pressed_and_its_toast_is_seen(tab: Witness, house: House) -> None:
    """What the bot answers to the press is said, and the press is in the ledger."""
    async with house.bot(responder=ECHO, feedback_buttons="private"):
        page = await visit(tab, house)
        await write(page, "hello")
        await page.locator(".keyboard").get_by_role("button", name="👍").click()
        await expect(page.get_by_role("status")).to_contain_text("👍")
        await idle(house)
    assert [event.change for event in reactions(house)] == [("reaction_added", "👍", "positive")]


async def test_a_reaction_is_given_and_taken_back(tab: Witness, house: House) -> None:
    """Each is a row of the ledger, and shown where it was given."""
    async with house.bot(responder=ECHO):
        await awake(house)
        page = await visit(tab, house)
        await write(page, "hello")
        answer = page.locator("li.other .bubble")
        await answer.hover()
        await answer.get_by_role("button", name="React with 🔥").click()
        chip = answer.locator(".chip")
        await expect(chip).to_have_text("🔥")
        await expect(chip).to_have_attribute("aria-pressed", "true")
        await until(lambda: len(reactions(house)) == 1)
        await chip.click()
        await expect(chip).to_have_count(0)
        await until(lambda: len(reactions(house)) == 2)
        await idle(house)
    assert [event.change for event in reactions(house)] == [
        ("reaction_added", "🔥", "positive"),
        ("reaction_removed", "🔥", "positive"),
    ]


async def test_several_reactions_stand_side_by_side(tab: Witness, house: House) -> None:
    """Each is added to those that are held and taken back from them, without a wait, and the bot is told each time."""
    async with house.bot(responder=ECHO):
        await awake(house)
        page = await visit(tab, house)
        await write(page, "hello")
        answer = page.locator("li.other .bubble")
        await answer.hover()
        await page.evaluate(_PRESS, ["React with 🔥", "React with 👍", "React with 🎉"])
        await expect(answer.locator(".chip")).to_have_text(["🔥", "👍", "🎉"])
        await answer.locator(".chip", has_text="👍").click()
        await expect(answer.locator(".chip")).to_have_text(["🔥", "🎉"])
        await expect(answer.get_by_role("button", name="React with 👍")).to_have_attribute("aria-pressed", "false")
        await expect(answer.get_by_role("button", name="React with 🎉")).to_have_attribute("aria-pressed", "true")
        await until(lambda: len(reactions(house)) == 4)
        await idle(house)
    assert [(event.change[0], event.emoji) for event in reactions(house)] == [
        ("reaction_added", "🔥"),
        ("reaction_added", "👍"),
        ("reaction_added", "🎉"),
        ("reaction_removed", "👍"),
    ]


_PRESS = """names => {
  for (const name of names) document.querySelector(`li.other [aria-label="${name}"]`).click();
}"""


async def test_an_answer_is_seen_while_it_grows(tab: Witness, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The draft is there until the message takes its place."""
    monkeypatch.setattr(display, "START_S", 0.01)
    monkeypatch.setattr(display, "EVERY_S", 0.01)
    Writing.reset()
    async with house.bot(responder="tests.responders:Writing"):
        page = await visit(tab, house)
        await write(page, "tell me")
        await expect(page.locator("#about")).to_have_text("polar_test_bot is typing…")
        Writing.say("Once **upon** a")
        draft = page.locator("#draft")
        await expect(draft).to_have_text("Once upon a")
        await expect(draft.locator("strong")).to_have_text("upon")
        Writing.say("Once **upon** a time")
        await expect(draft).to_have_text("Once upon a time")
        Writing.done.set()
        await expect(page.locator("li.other .text")).to_have_text("Once upon a time")
        await expect(draft).to_be_hidden()
        await idle(house)


async def test_formatting_is_drawn_and_a_long_text_keeps_its_shape(tab: Witness, house: House) -> None:
    """Nested styles, code with its language, addresses that can be seen, spoilers that wait, offsets after emoji."""
    text = "🤖 bold and both\nx = 1\nafter, a link and a secret"

    def entity(kind: str, part: str, **more: str) -> Json:
        return {"type": kind, "offset": text.index(part) + 1, "length": len(part), **more}  # one for the emoji's pair

    entities = [
        entity("bold", "bold and both"),
        entity("italic", "both"),
        entity("pre", "x = 1", language="python"),
        entity("text_link", "a link", url="https://docs.example/x"),
        entity("spoiler", "secret"),
    ]
    page = await visit(tab, house)
    await write(page, "hi")
    await expect(page.locator("li.own")).to_have_count(1)
    room = house.world.room(you(house).id)
    house.world.post(house.world.bot, room, {"text": text, "entities": entities}, None, None)
    house.world.changes.notify()
    said = page.locator("li.other .text")
    await expect(said.locator("strong")).to_have_text("bold and both")
    await expect(said.locator("strong em")).to_have_text("both")
    await expect(said.locator("pre code")).to_have_text("x = 1")
    await expect(said.locator(".pre small")).to_have_text("python")
    await expect(said.get_by_role("link", name="a link")).to_have_attribute("href", "https://docs.example/x")
    await expect(said.locator(".address")).to_have_text("https://docs.example/x")
    await expect(said.locator(".spoiler")).to_have_count(0)
    await said.get_by_role("button", name="Hidden text: show").click()
    await expect(said.locator(".spoiler")).to_have_text("secret")


@pytest.mark.parametrize("kind", ["private", "group", "forum", "channel"])
async def test_harmful_texts_do_nothing(tab: Witness, house: House, kind: str) -> None:
    """In every field that somebody fills: names, titles, texts, buttons, addresses, files, commands, drafts."""
    world = house.world
    eve = world.person(FORGED[:300])
    place = world.private(eve)
    if kind == "channel":
        place = world.channel(FORGED[:300], admins=[eve])
    elif kind != "private":
        place = world.group(FORGED[:300], [eve], forum=kind == "forum")
    if kind == "forum":
        world.topic(place, FORGED[:128])
    _furnish(world, eve, place)
    page = tab.page
    await tab.go(f"{house.server.url}/#{eve.id}/{place.id}", PHONE)
    await expect(page.locator("#log > li[tabindex]")).to_have_count(3)
    draft: dict[str, str | float | bool] = {"chat_id": eve.id, "draft_id": 1, "text": FORGED[:4000]}
    await page.request.post(f"{house.server.url}/bot{TOKEN}/sendMessageDraft", form=draft)
    if kind == "private":
        await expect(page.locator("#draft")).to_contain_text("Not from us")
    await page.get_by_label("Message", exact=True).fill("/")
    await expect(page.get_by_role("option")).to_have_count(1)
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(width) == 0
    assert await page.evaluate("typeof window.hacked") == "undefined"
    assert await page.locator("img, iframe, [href^=javascript], #log svg, #log style, #log script").count() == 0


def _furnish(world: World, eve: Person, place: Chat) -> None:
    """Messages that mean harm, from both sides."""
    harm = "javascript:window.hacked=8"
    entities = [
        {"type": "text_link", "offset": 0, "length": 8, "url": harm},
        {"type": "bold", "offset": 5, "length": 4000},
        {"type": "italic", "offset": 2, "length": 30},
        {"type": "constructor", "offset": 50, "length": 5},
        {"type": "pre", "offset": 60, "length": 9, "language": FORGED[:200]},
    ]
    keys = {"inline_keyboard": [[{"text": FORGED[:100], "callback_data": "x"}, {"text": "go", "url": harm}]]}
    world.files["sent-1"] = FORGED
    file = {"file_id": "sent-1", "file_name": FORGED[:100], "file_size": 5, "mime_type": "text/html"}
    said, room = world.say(place, eve, FORGED[:4000]), world.room(place)
    world.post(world.bot, room, {"text": FORGED[:4000], "entities": entities, "reply_markup": keys}, None, said)
    world.post(world.bot, room, {"document": file, "caption": FORGED[:500]}, None, said)
    world.react(place, eve, said, "<img src=x>", {"type": "custom_emoji", "custom_emoji_id": "<b>"})
    world.bot.commands['[{"type": "default"}, ""]'] = [{"command": "x", "description": FORGED[:200]}]


async def test_all_is_done_by_keyboard(tab: Witness, house: House) -> None:
    """A command from the menu, an edit, a walk to a message, a reaction, a reply; and the focus is seen and kept."""
    async with house.bot(responder=ECHO):
        await awake(house)
        await house.world.wait(lambda: house.world.bot.commands != {})
        page = await visit(tab, house)
        keys = page.keyboard
        await keys.type("/he")
        await expect(page.get_by_role("option", name="/help")).to_have_attribute("aria-selected", "true")
        await keys.press("Enter")
        await expect(page.get_by_label("Message", exact=True)).to_have_value("/help ")
        await keys.press("Enter")
        await expect(page.locator("li.other")).to_have_count(1)

        await keys.type("helo")
        await keys.press("Enter")
        await expect(page.locator("li.other").last).to_contain_text("echo: helo")
        await keys.press("ArrowUp")
        await expect(page.get_by_label("Message", exact=True)).to_have_value("helo")
        await keys.press("End")
        await keys.press("Backspace")
        await keys.type("lo")
        await keys.press("Enter")
        await expect(page.locator("li.own").last).to_contain_text("hello")
        await expect(page.locator("li.own").last).to_contain_text("edited")

        while not await page.evaluate("document.activeElement.id === 'scroll'"):
            await keys.press("Shift+Tab")
        await keys.press("ArrowUp")
        await keys.press("Tab")
        focused = await tab.focus()
        assert focused.name == "React with 👍" and focused.outlined and focused.inside
        await keys.press("Enter")
        await until(lambda: [event.emoji for event in reactions(house)] == ["👍"])
        await expect(page.locator(".chip")).to_have_text("👍")
        assert (await tab.focus()).name == "React with 👍"
        while (await tab.focus()).name != "Reply":
            await keys.press("Tab")
        await keys.press("Enter")
        await keys.type("thanks")
        await keys.press("Enter")
        await expect(page.locator("li.own").last.locator(".quote")).to_contain_text("echo:")
        await idle(house)


async def test_the_bots_reactions_documents_and_groups_are_seen(tab: Witness, house: House) -> None:
    """What the bot puts on a message stands there; a file can be saved; a group is made and written in."""
    page = await visit(tab, house)
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("li.own .text")).to_have_text("/start")
    world, room = house.world, house.world.room(you(house).id)
    room.reactions[next(iter(room.messages))] = {world.bot.id: [{"type": "emoji", "emoji": "👀"}]}
    await page.request.post(
        f"{house.server.url}/bot{TOKEN}/sendDocument", multipart={"chat_id": str(room.chat.id), "document": NOTES}
    )
    await expect(page.locator("li.own .chip")).to_have_text("👀")
    async with page.expect_download() as saved:
        await page.locator("li.other .file").click()
    assert (await saved.value).suggested_filename == "notes.md"
    assert (await (await saved.value).path()).read_bytes() == b"# Notes\n"
    await page.get_by_role("button", name="New group or channel").click()
    await page.get_by_label("Name").fill("Readers")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Readers")).to_be_visible()
    await write(page, "all here?")
    await expect(page.locator("li.own .text")).to_have_text("all here?")
    await page.get_by_role("button", name="New person").click()
    await page.get_by_label("Name").fill("Ann")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("You are")).to_have_value(str(you(house).id + 1))
    await expect(page.get_by_role("link")).to_have_count(1)


async def test_the_page_finds_a_server_that_was_started_anew(tab: Witness, house: House) -> None:
    """It says that the server is gone, keeps what could not be sent, and goes on when the server is back."""
    page = await visit(tab, house)
    await write(page, "before")
    await expect(page.locator("li.own .text")).to_have_text(["before"])
    await house.server.stop_listening()
    await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    await write(page, "meanwhile")
    await expect(page.get_by_role("status")).to_contain_text("did not work")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("meanwhile")
    await house.server.listen_again()
    await expect(page.get_by_role("alert")).to_be_empty()
    await page.keyboard.press("Enter")
    await expect(page.locator("li.own .text")).to_have_text(["before", "meanwhile"])
    tab.complaints.clear()


async def test_an_address_of_people_who_are_gone_leads_to_you(tab: Witness, house: House) -> None:
    """As after the server was started anew; a chat that is not theirs leads to the private one."""
    ann = house.world.person("Ann")
    group = house.world.group("Not yours", [ann])
    for address in ("#999/999", "#nonsense", f"#{ann.id + 1}/{group.id}"):
        await tab.leave()
        await tab.go(f"{house.server.url}/{address}")
        await expect(tab.page.get_by_role("heading", name="polar_test_bot")).to_be_visible()
        await expect(tab.page).to_have_url(f"{house.server.url}/#{you(house).id}/{you(house).id}")


async def test_a_page_that_was_out_of_sight_catches_up(tab: Witness, house: House) -> None:
    """It holds no connection meanwhile, of which a browser has few; what was written then is there at once."""
    page = await visit(tab, house)
    await write(page, "before")
    await expect(page.locator("li.own .text")).to_have_text(["before"])
    async with page.expect_event("requestfailed"):  # that is what Chromium calls a stream which the page has ended
        await page.evaluate(_TURN, True)
    house.world.say(you(house).id, you(house), "meanwhile")
    await page.evaluate(_TURN, False)
    await expect(page.locator("li.own .text")).to_have_text(["before", "meanwhile"])


_TURN = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_the_page_serves_everybody_on_every_screen(tab: Witness, house: House) -> None:
    """Light or dark, wide, a phone or at 400 %: no rule of accessibility broken, nothing too wide."""
    async with house.bot(responder=ECHO, feedback_buttons="private"):
        page = await visit(tab, house)
        await write(page, "Is this a long question that fills more than one line on the screen of a phone? " * 2)
        await expect(page.locator(".keyboard")).to_be_visible()
        await idle(house)
        for look in LOOKS:
            await tab.turn_to(look)
            await page.locator("li.other").focus()
            assert [each for each in await tab.problems() if counts(each)] == [], look
        await tab.turn_to(NARROWEST)
        assert [each for each in await tab.layout() if counts(each)] == []
        await page.get_by_role("link", name="All chats").click()
        await page.get_by_role("button", name="New group or channel").click()
        assert [each for each in await tab.problems() if counts(each)] == []
