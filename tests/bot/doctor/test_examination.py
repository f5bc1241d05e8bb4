"""The whole of it, against the embedded Telegram: with a bot and without, with a network and without."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.clock import system_clock
from bot.doctor import kept
from bot.doctor.examination import Examination
from bot.responders import least_usd
from emulator.model import ModelServer
from storage import care
from tests.bot.doctor.judged import judged
from tests.house import House
from tests.looking import awake, idle, tell
from tests.model import PRICED, to_model

CHECKS = [
    *("settings", "files", "zones", "schema", "integrity", "room"),
    *("alive", "poll", "poller", "queues", "set_aside", "reactions"),
    *("token", "reach", "clock", "webhook", "pending", "allowed", "privacy", "groups"),
    *("endpoint", "budgets"),
]


async def examine(house: House, *, limit_s: float = 5, **settings: Any) -> dict[str, tuple[str, str]]:
    """The judgements by check, in the order in which they were shown."""
    found: dict[str, tuple[str, str]] = {}
    state = await asyncio.to_thread(care.look_at, house.path)
    loaded, clock = house.settings(**settings), system_clock()
    examination = Examination(
        settings=loaded, clock=clock, limit_s=limit_s, least_usd=lambda: least_usd(loaded, now_ms=clock())
    )
    async with kept.opened(state) as readers:
        await examination.run(state, readers, lambda diagnosis: found.update({diagnosis.check: judged(diagnosis)}))
    return found


async def test_all_is_well_beside_a_bot_that_runs(house: House) -> None:
    """Its groups are asked about; Telegram is never asked for updates by anybody but the bot."""
    ann, chat = house.chat()
    async with house.bot():
        await awake(house)
        group = house.world.group("Rowers", members=[ann])
        await tell(house, chat, ann, "/ping")
        house.world.say(group, ann, "@polar_test_bot hello")
        await idle(house)
        house.world.react(chat, ann, house.world.sent(chat)[-1]["message_id"], "👍")
        await idle(house)
        polls = [call for call in house.world.calls if call.method == "getUpdates"]
        found = await examine(house)
        after = [call for call in house.world.calls if call.method == "getUpdates"]
    assert list(found) == CHECKS
    assert {check: found for check, found in found.items() if found[0] != "ok"} == {}
    assert found["groups"] == ("ok", "administrator")
    assert {call.method for call in house.world.calls} >= {"getChatMember", "getWebhookInfo"}
    assert len(after) - len(polls) <= 1, "the bot's own"


async def test_without_a_bot_without_a_token_and_without_a_network(house: House) -> None:
    """Each check says so by itself, and what can be looked at is."""
    async with house.bot():
        pass
    await house.server.stop_listening()
    found = await examine(house, telegram_bot_token="")
    assert list(found) == CHECKS
    assert found["schema"] == ("ok", "current")
    assert found["alive"] == ("warning", "ended")
    assert (found["token"], found["reach"]) == (("failed", "missing"), ("failed", "silent"))
    unknown = {check for check, (verdict, _) in found.items() if verdict == "not known"}
    assert unknown == {"poll", "reactions", "clock", "webhook", "pending", "allowed", "privacy", "groups"}


async def test_a_server_that_hangs_fails_in_its_own_line_within_the_limit(house: House) -> None:
    """What it does answer is told."""
    async with house.bot():
        await awake(house)
        house.world.fault("getWebhookInfo", "hang")
        found = await examine(house, limit_s=0.2)
    assert (found["webhook"], found["pending"]) == (("not known", "unasked"), ("not known", "unasked"))
    assert found["token"] == ("ok", "known")


async def test_a_bot_that_was_thrown_out_and_a_webhook_that_was_left(house: House) -> None:
    """What somebody did in Telegram is found there."""
    ann, _ = house.chat()
    async with house.bot(access="open"):
        await awake(house)
        group = house.world.group("Rowers", members=[ann])
        house.world.say(group, ann, "@polar_test_bot hello")
        await idle(house)
        house.world.remove_bot(group)
        await idle(house)
    info = house.server.url.replace("http://", "https://")
    house.world.bot.updates.allow(["message"])
    found = await examine(house, webhook_url=f"{info}/hook", webhook_secret="s" * 16)
    assert found["groups"] == ("warning", "left")
    assert found["webhook"] == ("failed", "elsewhere")
    assert found["allowed"] == ("failed", "missing")


async def test_of_an_older_database_nothing_is_said_that_is_not_known(house: House) -> None:
    """Neither that a bot for everybody has no budget, nor that it has one; of one that is not there it is known."""
    loose = {"access": "open", "open_without_budget": False, **PRICED}
    async with ModelServer() as server:
        model = to_model(server, openai_model=server.model.name, **loose)
        assert (await examine(house, **model))["budgets"] == ("failed", "open_purse")
        async with house.bot():
            await awake(house)
        house.write("DELETE FROM polar_schema_versions WHERE version > 5")
        found = await examine(house, **model)
    assert (found["schema"], found["budgets"]) == (("warning", "older"), ("not known", "unread"))


async def test_with_the_token_of_another_bot_that_one_has_not_started_yet(house: House) -> None:
    """So what Telegram sends it is no fault: to start it on this database is not the remedy."""
    async with house.bot():
        await awake(house)
    other = house.world.add_bot("1000000002:OTHER", "other_bot")
    found = await examine(house, telegram_bot_token=other.token)
    assert (found["token"], found["allowed"]) == (("failed", "another_bot"), ("not known", "not_yet"))


async def test_the_model_is_asked_for_its_list_and_for_no_answer(house: House) -> None:
    """So that it costs nothing."""
    async with ModelServer() as server:
        found = await examine(house, **to_model(server, openai_model=server.model.name, **PRICED))
        assert not server.model.exchanges
        assert (found["endpoint"], found["prices"]) == (("ok", "has"), ("ok", "known"))
        found = await examine(house, **to_model(server, openai_model="another-one"))
        assert (found["endpoint"], found["prices"]) == (("warning", "lacks"), ("warning", "unknown"))
    found = await examine(house, **to_model(server))
    assert found["endpoint"] == ("failed", "silent")
    assert (found["schema"], found["alive"]) == (("warning", "missing"), ("not known", "unread"))
