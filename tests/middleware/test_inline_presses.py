"""A press of a button under a message that was sent through inline mode, which the bot has none of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.house import House
from tests.looking import awake, idle


@pytest.mark.parametrize("access", ["open", "allowlist", "pairing"])
@pytest.mark.parametrize(
    "content",
    [{"inline_message_id": "x"}, {"inline_message_id": 5, "data": []}, {"message": 5}, {"message": {"chat": 5}}],
)
async def test_it_is_answered_once_with_an_empty_toast(house: House, access: str, content: dict[str, Any]) -> None:
    """Whoever presses, let in or not; however often Telegram tells of it."""
    async with house.bot(access=access):
        await awake(house)
        ann = house.world.person("Ann")
        query_id = house.world.next_query_id()
        house.world.queries.add(query_id)
        update_id = house.world.next_update_id
        press = {"id": query_id, "from": ann.json(), "chat_instance": "1", "data": "fb:+", **content}
        for _ in range(2):
            house.world.push({"update_id": update_id, "callback_query": press})
            await idle(house)
        answers = [call for call in house.world.calls if call.method == "answerCallbackQuery"]
        assert [(call.status, call.params.get("text") or "") for call in answers] == [(200, "")]
    assert house.rows("SELECT status FROM polar_updates") == [("done",)]
    assert house.rows("SELECT 1 FROM polar_audit") == house.rows("SELECT 1 FROM polar_feedback_events") == []


@pytest.mark.parametrize(
    "place", [{"inline_message_id": "x"}, {"message": {"message_id": 3, "chat": {"id": 5, "type": "private"}}}]
)
async def test_an_id_that_no_database_can_hold_ends_as_any_other(house: House, place: dict[str, Any]) -> None:
    """Telegram knows no press by it, so nobody can be told."""
    async with house.bot():
        await awake(house)
        ann = house.world.person("Ann")
        press = {"id": "\ud83d\x00", "from": ann.json(), "chat_instance": "1", "data": "fb:?", **place}
        house.world.push({"callback_query": press})
        await idle(house, updates=1)
    assert house.rows("SELECT status FROM polar_updates") == [("done",)]
