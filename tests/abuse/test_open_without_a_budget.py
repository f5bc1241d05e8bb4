"""A bot that is open to all does not spend its owner's money without a limit, unless its owner says so."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import CannotRun
from emulator.model import ModelServer
from tests.bot.cli.terminal import polar
from tests.house import House
from tests.model import PRICED, to_model

pytestmark = pytest.mark.slow
OPEN: dict[str, Any] = {"access": "open", "open_without_budget": False}
FREE = {"openai_input_usd_per_mtok": 0, "openai_output_usd_per_mtok": 0}


async def refusal(house: House, server: ModelServer) -> str:
    """What an open start with a priced model ends with."""
    with pytest.raises(CannotRun) as refused:
        async with house.bot(**to_model(server, **OPEN, **PRICED)):
            pass
    return str(refused.value)


async def starts(house: House, server: ModelServer, **settings: Any) -> None:
    """Raises where it does not."""
    async with house.bot(**to_model(server, **{**OPEN, **PRICED, **settings})):
        pass


async def test_open_access_and_a_priced_model_need_a_global_budget(house: House) -> None:
    """One line names both ways out, and each of them is one."""
    async with ModelServer() as server:
        line = await refusal(house, server)
        assert "\n" not in line
        assert "some-model" in line
        command, allowed = "polar budget set global 5 --every 24h", "POLAR_OPEN_WITHOUT_BUDGET=true"
        assert command in line
        assert allowed in line
        await starts(house, server, open_without_budget=True)
        done = polar(*command.split()[1:], database=house.path)
        assert done.exit_code == 0, done.stderr
        await starts(house, server)


@pytest.mark.parametrize("budget", [("user:500000001", "5"), ("global", "5", "--warn-only")])
async def test_a_budget_that_stops_not_everybody_is_none(house: House, budget: tuple[str, ...]) -> None:
    """One of a person, or one that only warns."""
    async with ModelServer() as server:
        await starts(house, server, access="pairing")  # makes the database
        assert polar("budget", "set", *budget, database=house.path).exit_code == 0
        assert "no global budget blocks" in await refusal(house, server)


@pytest.mark.parametrize("settings", [{"access": "pairing"}, {"access": "allowlist"}, FREE, {"responder": "local"}])
async def test_nobody_else_is_kept_from_starting(house: House, settings: dict[str, Any]) -> None:
    """Who chooses whom to let in, or pays nothing, needs no budget."""
    async with ModelServer() as server:
        await starts(house, server, **settings)


async def test_a_price_that_nobody_knows_is_none(house: House) -> None:
    """As of a model on one's own machine: there a budget would let no answer through."""
    async with ModelServer() as server, house.bot(**to_model(server, **OPEN)):
        pass
