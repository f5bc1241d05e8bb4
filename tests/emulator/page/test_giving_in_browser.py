"""Files given on the chat page in a real browser."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.emulator.page.visiting import PHONE, visit, write, you
from tests.house import House
from tests.web.browser.looking import Witness
from tests.web.browser.site import FORGED

Json = dict[str, Any]
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


def png(width: int, height: int) -> bytes:
    """A white picture."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xff" * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", rows) + part(b"IEND", b"")


def wav(seconds: int) -> bytes:
    """Silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 8000 * seconds)
    return out.getvalue()


PICTURE: FilePayload = {"name": "wide.png", "mimeType": "image/png", "buffer": png(2560, 1280)}
SOUND: FilePayload = {"name": "note.wav", "mimeType": "audio/wav", "buffer": wav(3)}
NOTES: FilePayload = {"name": "notes.bin", "mimeType": "", "buffer": bytes(range(256))}


async def choose(page: Page, file: FilePayload) -> None:
    """Attach a file as the dialog of the browser does."""
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach").click()
    await (await chooser.value).set_files(file)
    await expect(page.locator("#attached")).to_contain_text(file["name"])


def said(house: House) -> list[Json]:
    """What You have sent."""
    return list(house.world.room(you(house).id).messages.values())


async def test_a_photo_with_a_caption(tab: Witness, house: House) -> None:
    """It is made a JPEG of Telegram's size, shown, and what the bot gets has the caption."""
    page = await visit(tab, house, PHONE)
    await choose(page, PICTURE)
    await write(page, "What is this?")
    picture = page.locator("li.own img")
    await expect(picture).to_be_visible()
    await expect(page.locator("li.own .text")).to_have_text("What is this?")
    await expect(picture).to_have_js_property("naturalWidth", 1280)
    (message,) = said(house)
    (photo,) = message["photo"]
    assert (photo["width"], photo["height"], message["caption"]) == (1280, 640, "What is this?")
    assert house.world.files[photo["file_id"]].encode("utf-8", "surrogateescape")[:3] == b"\xff\xd8\xff"
    await expect(page.locator("#attached")).to_be_hidden()
    assert await tab.problems() == []


async def test_a_voice_and_a_photo_as_a_file(tab: Witness, house: House) -> None:
    """Sound is a voice with its length, which can be played; either can be sent as it is instead."""
    page = await visit(tab, house)
    await choose(page, SOUND)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator("audio")).to_have_js_property("duration", 3)
    await choose(page, PICTURE)
    await page.get_by_label("Send as").select_option("File")
    await page.get_by_role("button", name="Send", exact=True).click()
    async with page.expect_download() as saved:
        await page.locator("li.own .file").click()
    assert (await (await saved.value).path()).read_bytes() == PICTURE["buffer"]
    voice, document = said(house)
    assert (voice["voice"]["duration"], voice["voice"]["mime_type"]) == (3, "audio/wav")
    assert document["document"]["file_name"] == "wide.png"


async def test_what_plays_goes_on_when_its_message_changes(tab: Witness, house: House) -> None:
    """A reaction to a voice does not end it."""
    page = await visit(tab, house)
    await choose(page, SOUND)
    await page.get_by_role("button", name="Send", exact=True).click()
    audio = page.locator("audio")
    await audio.evaluate("audio => { audio.muted = true; audio.loop = true; return audio.play(); }")
    await page.locator("li.own .bubble").hover()
    await page.get_by_role("button", name="React with 🔥").click()
    await expect(page.locator(".chip")).to_have_text("🔥")
    await expect(audio).to_have_js_property("loop", True)
    await expect(audio).to_have_js_property("paused", False)


async def test_a_file_is_dropped_and_taken_away_again(tab: Witness, house: House) -> None:
    """Nothing is sent of one that was removed; the box is for a message again."""
    page = await visit(tab, house)
    await page.evaluate(_DROP, "dropped.txt")
    await expect(page.locator("#attached")).to_contain_text("dropped.txt")
    await expect(page.get_by_placeholder("Caption")).to_be_focused()
    await page.get_by_role("button", name="Remove the file").click()
    await expect(page.locator("#attached")).to_be_hidden()
    await write(page, "only words")
    await expect(page.locator("li.own .text")).to_have_text(["only words"])
    assert "document" not in said(house)[0]


_DROP = """name => {
  const data = new DataTransfer();
  data.items.add(new File(["text"], name, {type: "text/plain"}));
  const dropped = {dataTransfer: data, bubbles: true, cancelable: true};
  document.getElementById("room").dispatchEvent(new DragEvent("drop", dropped));
}"""


async def test_what_cannot_be_sent_stays_in_the_box(tab: Witness, house: House) -> None:
    """A picture that is none is said to be so, and can be sent as a file."""
    page = await visit(tab, house)
    await choose(page, {"name": "broken.png", "mimeType": "image/png", "buffer": b"not a picture"})
    await write(page, "see")
    await expect(page.get_by_role("status")).to_contain_text("cannot be read")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("see")
    await page.get_by_label("Send as").select_option("File")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator("li.own .file")).to_contain_text("broken.png")
    await page.evaluate(_DROP, FORGED[:200])
    await expect(page.locator("#attached")).to_contain_text("Not from us")
    assert await page.locator("#attached script, #attached img").count() == 0


async def test_a_file_stays_with_its_chat(tab: Witness, house: House) -> None:
    """As what is written there does, when another chat is looked at."""
    page = await visit(tab, house)
    group = house.world.group("Readers", [you(house)])
    await choose(page, NOTES)
    await page.get_by_role("link", name="Readers").click()
    await expect(page.get_by_role("heading", name="Readers")).to_be_visible()
    await expect(page.locator("#attached")).to_be_hidden()
    await page.get_by_role("link", name="polar_test_bot").click()
    await expect(page.locator("#attached")).to_contain_text("notes.bin")
    assert house.world.room(group).messages == {}
