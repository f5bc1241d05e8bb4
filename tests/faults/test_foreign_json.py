"""JSON that another program left in a row, and that is none, is nobody's failure."""

from __future__ import annotations

import pytest

from middleware.texts import say
from tests.house import House
from tests.looking import tell
from tests.pressing import last, press, press_data
from tests.responders import ECHO

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("engine")]

NO_JSON = ["no", "[" * 3_000]


@pytest.mark.parametrize("payload", NO_JSON)
async def test_a_button_counts_beside_a_foreign_event(house: House, payload: str) -> None:
    """The events of a message are looked at when a thumb is pressed, and `/feedback` lists them."""
    async with house.bot(responder=ECHO, feedback_buttons="always"):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        message = last(house, chat)
        row = ("odd", "reaction_added", f"telegram:chat:{chat.id}", f"msg_a_{message['message_id']}", "🔥", payload)
        house.write("INSERT INTO polar_feedback_events VALUES (?, ?, ?, ?, ?, 'positive', ?, 1)", *row)
        assert await press_data(house, chat, ann, "fb:+", message) == say("feedback.noted", emoji="👍")
        [listed] = await tell(house, chat, ann, "/feedback")
    assert house.rows("SELECT count(*) FROM polar_feedback_events WHERE emoji = '👍'") == [(1,)]
    assert "👍" in listed


@pytest.mark.parametrize("record", NO_JSON)
async def test_a_foreign_memory_is_listed_exported_and_erased(house: House, record: str) -> None:
    """As the text that it is."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/remember tea at five")
        house.write("UPDATE polar_memory SET record = ?", record)
        [listed] = await tell(house, chat, ann, "/memory")
        [caption] = await tell(house, chat, ann, "/export")
        await tell(house, chat, ann, "/forget me")
        await press(house, chat, ann, say("own_data.erase"))
    assert record[:2] in listed
    assert "memories 1" in caption
    assert house.rows("SELECT * FROM polar_memory") == []


@pytest.mark.parametrize("payload", NO_JSON)
async def test_a_proposal_that_cannot_be_read_is_out_of_date(house: House, payload: str) -> None:
    """Nothing is created by it."""
    async with house.bot():
        ann, chat = house.chat()
        await tell(house, chat, ann, "remind me in 5 minutes to breathe")
        house.write("UPDATE polar_proposals SET payload = ?", payload)
        assert await press(house, chat, ann, say("proposal.create")) == say("button.out_of_date")
    assert house.rows("SELECT * FROM polar_automation_jobs") == []
