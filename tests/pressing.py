"""Buttons as people see and press them."""

from __future__ import annotations

from typing import Any

from emulator import Chat, Person
from middleware.texts import say
from tests.house import House
from tests.looking import idle, texts


def buttons(message: dict[str, Any]) -> dict[str, str]:
    """The data of a message's buttons, by their text."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


def last(house: House, chat: Chat) -> dict[str, Any]:
    """The newest message of ours in a chat."""
    return house.world.sent(chat)[-1]


async def press(house: House, chat: Chat, person: Person, text: str, message: dict[str, Any] | None = None) -> str:
    """Press the button that has this in its text, under the newest message or another; the toast."""
    message = message or last(house, chat)
    [data] = [data for shown, data in buttons(message).items() if text in shown]
    return await press_data(house, chat, person, data, message)


async def press_data(house: House, chat: Chat, person: Person, data: str, message: dict[str, Any]) -> str:
    """Press a button with this data, which nobody may ever have made; the toast."""
    query = house.world.press(chat, person, message["message_id"], data)
    await idle(house)
    await house.world.wait(lambda: query in house.world.answers)
    return str(house.world.answers[query].get("text", ""))


async def forget_me(house: House, chat: Chat, person: Person) -> None:
    """Ask to be erased and press the button, whatever else is in hand."""
    erase = say("own_data.erase")
    house.world.say(chat, person, "/forget me")
    await house.world.wait(lambda: erase in buttons(last(house, chat)) if house.world.sent(chat) else False)
    question = last(house, chat)
    house.world.press(chat, person, question["message_id"], buttons(question)[erase])
    await house.world.wait(lambda: say("own_data.erased") in texts(house, chat))
