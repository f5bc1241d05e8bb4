"""What nobody knows the price of fits into no budget that blocks; a budget that lets nothing through is not set."""

from __future__ import annotations

from typing import Any

import pytest

from bot.settings import PRICE_SETTINGS
from emulator.model.server import ModelServer
from middleware.texts import say
from tests.automating import HOUR, create, ledger, pass_time
from tests.bot.cli.terminal import polar
from tests.clocks import TestClock
from tests.house import House
from tests.looking import tell
from tests.model import PRICED, to_model

pytestmark = pytest.mark.slow

FREE = {"openai_input_usd_per_mtok": 0, "openai_output_usd_per_mtok": 0}
REFUSED = say("budget.unpriced", budget=say("budget.name.global"), settings=PRICE_SETTINGS)


def budget(house: House, *, blocks: bool) -> None:
    """A hundred dollars for all together."""
    house.write("INSERT INTO polar_budget_policies VALUES ('global', '', 100, NULL, ?)", int(blocks))


@pytest.mark.alike
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("prices", [{}, {"openai_input_usd_per_mtok": 3.0}])
async def test_a_call_of_unknown_price_is_refused_where_a_budget_blocks(house: House, prices: dict[str, Any]) -> None:
    """With the settings that give it one; the model is not asked. One price of the two is not enough."""
    async with ModelServer() as server, house.bot(**to_model(server, **prices)):
        ann, chat = house.chat()
        budget(house, blocks=True)
        assert await tell(house, chat, ann, "hello") == [REFUSED]
        assert not server.model.exchanges
        house.write("UPDATE polar_budget_policies SET enforceBlocking = 0")
        server.model.say("hello Ann")
        assert await tell(house, chat, ann, "hello") == ["hello Ann"]
    assert house.rows("SELECT * FROM polar_calls WHERE outcome = 'open'") == []


@pytest.mark.parametrize("prices", [FREE, PRICED])
async def test_a_price_that_is_set_is_known(house: House, prices: dict[str, Any]) -> None:
    """Also where it is nothing: a server of one's own."""
    async with ModelServer() as server, house.bot(**to_model(server, **prices)):
        ann, chat = house.chat()
        budget(house, blocks=True)
        server.model.say("hello Ann")
        assert await tell(house, chat, ann, "hello") == ["hello Ann"]


async def test_a_run_of_unknown_price_is_blocked_with_a_code(house: House) -> None:
    """As one that is over a budget is."""
    clock = TestClock()
    async with ModelServer() as server, house.bot(clock, **to_model(server)) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann)
        budget(house, blocks=True)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        assert not server.model.exchanges
    assert ledger(house) == [("blocked", "schedule", "price_unknown")]


@pytest.mark.usefixtures("engine")
def test_a_budget_smaller_than_one_answer_is_refused_when_it_is_set(house: House) -> None:
    """It would let nothing through; one that only warns may be as small as one likes."""
    model = {"responder": "openai", "openai_model": "some-model", "database": house.location, **PRICED}
    assert polar("db", "migrate", **model).exit_code == 0
    done = polar("budget", "set", "global", "0.01", **model)
    assert done.exit_code == 1
    assert "an answer may cost $0.0" in done.stderr
    assert polar("budget", "set", "global", "0.01", "--warn-only", **model).exit_code == 0
    assert polar("budget", "set", "global", "1", **model).exit_code == 0
    assert house.rows("SELECT maxLimitUsd, enforceBlocking FROM polar_budget_policies") == [(1.0, 1)]


def test_a_budget_for_a_model_without_prices_says_what_is_missing(house: House) -> None:
    """It is set all the same: the prices may follow."""
    model = {"responder": "openai", "openai_model": "some-model", "database": house.location}
    assert polar("db", "migrate", **model).exit_code == 0
    done = polar("budget", "set", "global", "1", **model)
    assert done.exit_code == 0
    assert PRICE_SETTINGS in done.stderr
