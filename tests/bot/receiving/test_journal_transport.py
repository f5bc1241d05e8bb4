"""What polling tells python-telegram-bot, which would otherwise draw wrong conclusions."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from telegram import Bot
from telegram.error import NetworkError

from bot.receiving import polling
from bot.receiving.batch import FEW
from bot.receiving.polling import JournalTransport
from storage.errors import DatabaseLost
from storage.tables.updates import Received
from tests.bot.canned import Canned
from tests.clocks import LeapingLoop


def batch(*update_ids: int) -> bytes:
    """A getUpdates answer."""
    return json.dumps({"ok": True, "result": [{"update_id": i, "message": {}} for i in update_ids]}).encode()


async def no_conflict() -> None:
    """Nobody else polls."""
    raise AssertionError


async def test_a_batch_is_kept_before_it_is_acknowledged_by_its_highest_id() -> None:
    """PTB learns of one update only; the offset it moves to acknowledges all."""
    kept: list[int] = []

    async def keep(received: list[Received]) -> None:
        kept.extend(update.update_id for update in received)

    transport = JournalTransport(Canned(200, batch(7, 9, 8)), keep, no_conflict)
    status, body = await transport.do_request("url", "POST")
    assert (status, json.loads(body)["result"], kept) == (200, [{"update_id": 9}], [7, 9, 8])


async def test_a_batch_that_cannot_be_kept_is_not_acknowledged() -> None:
    """It is a failed poll, after which PTB asks again."""

    async def keep(received: list[Received]) -> None:
        raise DatabaseLost

    with pytest.raises(NetworkError):
        await JournalTransport(Canned(200, batch(7)), keep, no_conflict).do_request("url", "POST")


async def test_a_404_does_not_end_polling() -> None:
    """PTB takes it for a refused token and would go deaf for good."""

    async def keep(received: list[Received]) -> None:
        raise AssertionError

    body = b'{"ok":false,"error_code":404,"description":"Not Found"}'
    with pytest.raises(NetworkError):
        await JournalTransport(Canned(404, body), keep, no_conflict).do_request("url", "POST")


@pytest.mark.parametrize(
    ("said", "noted"),
    [("Conflict: terminated by other getUpdates request", 1), ("Conflict: terminated by setWebhook request", 0)],
)
async def test_that_somebody_else_polls_is_noted(said: str, noted: int) -> None:
    """Each time that Telegram says so, and not where it is a webhook that it means; PTB hears of it all the same."""
    told: list[None] = []

    async def keep(received: list[Received]) -> None:
        raise AssertionError

    async def note() -> None:
        told.append(None)

    body = json.dumps({"ok": False, "error_code": 409, "description": said}).encode()
    assert await JournalTransport(Canned(409, body), keep, note).do_request("url", "POST") == (409, body)
    assert len(told) == noted


@pytest.mark.parametrize(
    ("timeout", "updates", "takes_s"),
    [
        pytest.param(30, (), 20, id="nothing, though it was to wait for something"),
        pytest.param(30, (7,), 20 * polling.TURNS_S, id="something, whose turn goes first"),
        pytest.param(30, tuple(range(FEW + 1)), 0, id="much, which is handled while more comes in"),
        pytest.param(0, (), 0, id="nothing, as it was not to wait"),
    ],
)
def test_a_server_that_holds_no_poll_is_asked_once_a_second(
    timeout: int, updates: tuple[int, ...], takes_s: float
) -> None:
    """Twenty polls in the time of a loop that leaps. What brings little is held up for as long as a turn takes."""

    async def keep(received: list[Received]) -> None:
        pass

    async def poll() -> float:
        bot = Bot("1:token", get_updates_request=JournalTransport(Canned(200, batch(*updates)), keep, no_conflict))
        began = asyncio.get_running_loop().time()
        for _ in range(20):
            await bot.get_updates(timeout=timeout)
        return asyncio.get_running_loop().time() - began

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        assert round(runner.run(poll()), 1) == takes_s


@pytest.mark.parametrize(
    ("status", "body", "silent_s"),
    [
        (200, batch(), polling.SILENCE_S),
        (429, b'{"ok":false,"parameters":{"retry_after":600}}', polling.SILENCE_S + 600),
        (429, b"<html>", polling.SILENCE_S),
    ],
)
def test_no_poll_for_long_is_a_silence_unless_telegram_asked_for_it(status: int, body: bytes, silent_s: float) -> None:
    """It is counted from the last call, and ends what waits for it."""

    async def keep(received: list[Received]) -> None:
        pass

    async def wait() -> float:
        transport = JournalTransport(Canned(status, body), keep, no_conflict)
        await transport.do_request("url", "POST")
        began = asyncio.get_running_loop().time()
        await transport.until_silent()
        return asyncio.get_running_loop().time() - began

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        assert round(runner.run(wait()), 1) == silent_s


def test_a_poll_that_is_held_is_no_silence() -> None:
    """Telegram may have nothing to tell for as long as it likes."""

    class Held(Canned):
        async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
            await asyncio.sleep(polling.ANSWER_S - 1)
            return self.answer

    async def keep(received: list[Received]) -> None:
        await asyncio.sleep(10_000)  # another program has locked the database

    async def poll() -> None:
        transport = JournalTransport(Held(200, batch(7)), keep, no_conflict)
        call = asyncio.create_task(transport.do_request("url", "POST"))
        await transport.until_silent()
        assert call.done()

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(poll())


def test_an_answer_that_does_not_end_is_a_failed_poll() -> None:
    """A line that gives a byte now and then would hold the only poll for good."""

    class Endless(Canned):
        async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
            await asyncio.Event().wait()
            raise AssertionError

    async def keep(received: list[Received]) -> None:
        raise AssertionError

    async def poll() -> None:
        with pytest.raises(NetworkError, match="does not end"):
            await JournalTransport(Endless(200, b""), keep, no_conflict).do_request("url", "POST")

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(poll())
