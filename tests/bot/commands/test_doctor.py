"""/doctor: for admins, in private, at once."""

from __future__ import annotations

from typing import Any

from middleware.texts import say
from tests.house import House
from tests.looking import awake, commands, tell

ADMIN: dict[str, Any] = {"admin_telegram_ids": {501}}


async def test_an_admin_is_told_in_private_what_is_wrong_and_what_to_do(house: House) -> None:
    """The rest is only named; Telegram that answers nothing holds it up no longer than its limit."""
    async with house.bot(**ADMIN):
        await awake(house)
        ann = house.world.person("Ann", id=501)
        house.write("INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs) "
                    "VALUES (9, 9000, 'dead', 'message', 'l', 1)")  # fmt: skip
        house.world.fault("getWebhookInfo", "502-html")
        report, request = await tell(house, house.world.private(ann), ann, "/doctor")
    assert request == say("doctor.react")
    line = "⚠️ set aside: updates: 1, messages: 0, runs: 0; they kept failing, or were open in a copy that came back"
    assert f"{line}\n→ polar updates list" in report
    assert "❔ webhook: Telegram does not tell: status 502\n→ " in report
    assert report.endswith("budgets")
    assert [event["outcome"] for event in commands(house)] == ["answered"]


async def test_a_group_is_no_place_for_it(house: House) -> None:
    """Whoever asks there is told where."""
    async with house.bot(**ADMIN):
        await awake(house)
        ann = house.world.person("Ann", id=501)
        group = house.world.group("Rowers", members=[ann])
        assert await tell(house, group, ann, "/doctor@polar_test_bot") == [say("doctor.private")]
    assert not [call for call in house.world.calls if call.method == "getWebhookInfo"]


async def test_it_is_for_admins_alone(house: House) -> None:
    """It names groups and files, which an operator need not know of."""
    async with house.bot(operator_telegram_ids={502}):
        pat = house.world.person("Pat", id=502)
        answer = await tell(house, house.world.private(pat), pat, "/doctor")
    assert answer == [say("command.not_allowed", levels=say("levels.admin"))]
