"""A message and a reaction travel from Telegram to SQLite and back."""

from __future__ import annotations

from tests.house import House


async def test_a_command_is_answered_and_every_row_of_it_is_there(house: House) -> None:
    """/ping comes back as pong; update, both messages, delivery, audit and the command's trace are stored."""
    ann, chat = house.chat()
    async with house.bot():
        asked = house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: len(house.world.sent(chat)) == 1)
    [answer] = house.world.sent(chat)
    assert answer["text"] == "pong"
    assert house.rows("SELECT status, body FROM polar_updates") == [("done", None)]
    session = f"telegram:chat:{chat.id}"
    assert house.rows("SELECT sessionId, messageId, role, threadKey, text FROM polar_messages ORDER BY sequence") == [
        (session, f"msg_u_{asked}", "user", f"root:{chat.id}", "/ping"),
        (session, f"msg_a_{answer['message_id']}", "assistant", f"root:{chat.id}", "pong"),
    ]
    assert house.rows("SELECT status, attempts FROM polar_delivery_queue") == [("sent", 1)]
    assert house.rows("SELECT kind, outcome FROM polar_audit") == [("command", "answered")]
    [(event_type, polarity, emoji, payload)] = house.rows(
        "SELECT type, polarity, emoji, payload FROM polar_feedback_events"
    )
    assert (event_type, polarity, emoji) == ("command_executed", "neutral", None)
    assert '"argumentLength":0' in payload
