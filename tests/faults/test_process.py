"""There is no half-alive bot: whatever of it ends, the process ends with the reason; others can tell that it lives."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli.running import until_asked_to_stop
from bot.receiving import polling
from bot.run import running
from bot.supervised import Ended
from bot.watchdog import ServiceManager
from tests.faults.machine import BREAKING, forked, started
from tests.house import House, until
from tests.looking import awake, texts
from tests.web.house import serving

pytestmark = pytest.mark.slow

PTB = "Updater:start_polling:polling_task"
LONG_LIVED = ["database", "processor", "runner", "pacing of calls", "menu", "beat", "status reactions"]


async def test_an_error_of_reading_ends_the_process_with_its_reason(house: House) -> None:
    """A bot whose journal cannot be read would go on acknowledging what it never answers; the log says where it was."""
    ann, chat = house.chat()
    async with forked(house, responder=BREAKING) as run:
        house.world.say(chat, ann, "reading")
        await house.world.wait(lambda: texts(house, chat) == ["echo: reading"])
        house.world.say(chat, ann, "is anybody there?")
        assert await run.end() == 1
    *_, reason = run.lines
    assert reason.startswith("polar: ")
    assert "disk I/O error" in reason
    [end] = [number for number, line in enumerate(run.lines) if "which is the end of the process" in line]
    assert "Traceback" in run.lines[end + 1]
    assert "".join(run.lines).count("Traceback") == 2  # of SQLite's error, and of what that is to us: told once
    async with house.bot(responder="tests.responders:Echo"):
        await house.world.wait(lambda: "echo: is anybody there?" in texts(house, chat))


async def test_a_lost_database_ends_the_process_without_waiting_for_what_cannot_be_committed(house: House) -> None:
    """Whatever time there is to stop in: a turn hangs, a call hangs, and no commit will come any more."""
    ann, chat = house.chat()
    bob, other = house.chat("Bob")
    async with forked(house, responder=BREAKING, responder_timeout_seconds=3600, shutdown_seconds=3600) as run:
        house.world.say(chat, ann, "hang")
        house.world.fault("sendMessage", "hang", times=None, chat=other.id)
        house.world.say(other, bob, "/ping")
        await house.world.wait(lambda: any(call.method == "sendMessage" for call in house.world.calls))
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates WHERE status = 'pending'") == [(1,)])
        carl, third = house.chat("Carl")
        house.world.say(third, carl, "disk")
        assert await run.end() == 1
        house.world.clear_faults()
    *_, reason = run.lines
    assert reason.startswith("polar: The database is lost")
    assert "Traceback" not in "".join(run.lines)


async def test_a_database_that_is_lost_while_stopping_ends_the_stop(house: House) -> None:
    """What is in hand then is not waited for any longer either; the status says that something went wrong."""
    ann, chat = house.chat()
    async with forked(house, responder=BREAKING, responder_timeout_seconds=3600, shutdown_seconds=3600) as run:
        house.world.say(chat, ann, "hang")
        bob, other = house.chat("Bob")
        house.world.say(other, bob, "disk later")
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates WHERE status = 'pending'") == [(2,)])
        run.process.send_signal(signal.SIGTERM)
        assert await run.end() == 1
    assert run.lines[-1].startswith("polar: The database is lost")


@pytest.mark.alike
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("name", LONG_LIVED)
async def test_the_end_of_a_task_that_must_never_end_is_the_end_of_the_process(house: House, name: str) -> None:
    """However it ends; here a library has cancelled it."""
    async with house.bot(status_reactions=True) as bot:
        [task] = [task for task in asyncio.all_tasks() if task.get_name() == f"the {name}"]
        task.cancel()
        with pytest.raises(Ended, match=name):
            async with asyncio.timeout(30):
                await bot.finished


async def test_it_is_noticed_when_nobody_asks_for_updates_any_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python-telegram-bot's own task is none of ours, and its end is told to nobody."""
    monkeypatch.setattr(polling, "SILENCE_S", 0.05)
    async with house.bot() as bot:
        await awake(house)
        [task] = [task for task in asyncio.all_tasks() if task.get_name() == PTB]
        task.cancel()
        ann, chat = house.chat()
        house.world.say(chat, ann, "/ping")  # ends the call that is held
        with pytest.raises(Ended, match="polling"):
            async with asyncio.timeout(30):
                await bot.finished


async def test_a_start_that_waits_for_telegram_ends_when_the_bot_cannot_run(house: House) -> None:
    """Polling cannot begin as long as Telegram refuses; what has failed meanwhile is not kept back by that."""
    house.world.fault("deleteWebhook", "500", times=None)

    async def spend() -> None:
        async with house.bot() as bot:
            await bot.finished

    starting = asyncio.create_task(spend())
    await house.world.wait(lambda: any(call.method == "deleteWebhook" for call in house.world.calls))
    [task] = [task for task in asyncio.all_tasks() if task.get_name() == "the processor"]
    task.cancel()
    with pytest.raises(Ended, match="the processor"):
        async with asyncio.timeout(30):
            await starting


@pytest.mark.usefixtures("engine")
async def test_the_signal_of_a_terminal_that_closes_is_a_stop(house: House) -> None:
    """What is in hand is finished, as with SIGTERM."""
    ann, chat = house.chat()
    async with forked(house, responder="tests.responders:Long") as run:
        house.world.fault("sendMessage", "slow", seconds=0.5)
        house.world.say(chat, ann, "3")
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
        run.process.send_signal(signal.SIGHUP)
        assert await run.end() == 0
    assert house.rows("SELECT DISTINCT status FROM polar_delivery_queue") != [("sending",)]


async def test_a_process_that_is_to_outlive_its_terminal_does(house: House) -> None:
    """nohup ignores the signal beforehand, and so does the bot."""
    ann, chat = house.chat()
    async with started(house, "nohup") as run:
        run.process.send_signal(signal.SIGHUP)
        house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: texts(house, chat) == ["pong"])
        run.process.send_signal(signal.SIGTERM)
        assert await run.end() == 0


class Manager:
    """A service manager's end of the line."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0"))
        self._socket.settimeout(60)

    async def next(self) -> str:
        """What is told next."""
        return (await asyncio.to_thread(self._socket.recv, 100)).decode()

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@pytest.fixture(params=["a socket", "an abstract one"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a service manager may listen."""
    path = str(tmp_path / "notify")
    return path if request.param == "a socket" else f"@{path}"


@pytest.fixture
def manager(address: str) -> Iterator[Manager]:
    """Somebody who listens there."""
    with closing(Manager(address)) as manager:
        yield manager


async def test_a_service_manager_is_told_of_readiness_life_and_the_stop(
    house: House, manager: Manager, address: str
) -> None:
    """Ready once it can receive, alive twice as often as is waited for, stopping when it was asked to."""
    service = ServiceManager.named_in({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "100000"})
    async with running(house.settings(), service=service):
        told = [await manager.next() for _ in range(5)]
        assert [word for word in told if word != "WATCHDOG=1"] == ["READY=1"]
    while told[-1] != "STOPPING=1":
        told.append(await manager.next())
    assert set(told) == {"READY=1", "WATCHDOG=1", "STOPPING=1"}


async def test_a_watchdog_that_is_not_for_this_process_gets_no_sign_of_life(
    house: House, manager: Manager, address: str
) -> None:
    """Another process was meant, from which this one has inherited its environment."""
    service = ServiceManager.named_in({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
    async with running(house.settings(), service=service):
        assert await manager.next() == "READY=1"
    assert await manager.next() == "STOPPING=1"


async def test_a_service_manager_that_does_not_listen_changes_nothing(house: House, tmp_path: Path) -> None:
    """A line of the log says so; it is named in the environment."""
    async with forked(house, _NOTIFY_SOCKET=str(tmp_path / "nobody")) as run:
        run.process.send_signal(signal.SIGTERM)
        assert await run.end() == 0
    assert "the service manager could not be told STOPPING=1" in "".join(run.lines)


def aged(house: House, seconds: int) -> None:
    """Make the last beat older."""
    house.write("UPDATE polar_properties SET value = CAST(value AS INTEGER) - ? WHERE name = 'beat_ms'", seconds * 1000)


async def test_the_dashboard_tells_whether_a_bot_that_was_started_lives(house: House) -> None:
    """200 as long as none has started, while it beats, and once it has ended; 503 when it stands still or is gone."""
    with serving(house.path) as web:
        assert web.get("/healthz").status == 200
        async with house.bot():
            assert web.get("/healthz").text == "ok\n"
        aged(house, 1000)
        assert web.get("/healthz").status == 200
        async with forked(house) as run:
            run.process.send_signal(signal.SIGSTOP)
            aged(house, 50)
            assert web.get("/healthz").status == 200
            aged(house, 11)
            answer = web.get("/healthz")
            assert (answer.status, answer.text) == (503, f"the bot has been silent for {answer.text.split()[-2]} s\n")
            aged(house, -11)
            assert web.get("/healthz").status == 200
        aged(house, 11)
        assert web.get("/healthz").status == 503, "it was killed"


@pytest.mark.usefixtures("engine")
async def test_a_bot_beats_also_when_nothing_happens(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start has a number of its own, one more than the last, whatever the clock says."""
    monkeypatch.setattr("bot.beat.EVERY_S", 0.01)
    number = "SELECT value FROM polar_properties WHERE name = 'start'"
    beat = "SELECT value > '1' FROM polar_properties WHERE name = 'beat_ms'"
    for start in ("1", "2"):
        async with house.bot():
            assert house.rows(number) == [(start,)]
            house.write("UPDATE polar_properties SET value = '1' WHERE name = 'beat_ms'")
            await until(lambda: house.rows(beat) == [(1,)])


async def test_a_token_that_is_revoked_ends_the_process_with_one_line(house: House) -> None:
    """No stack goes before it, and the token is in none of it."""
    async with forked(house) as run:
        await awake(house)
        house.world.fault("getUpdates", "401", times=None)
        ann, chat = house.chat()
        house.world.say(chat, ann, "/ping")
        assert await run.end() == 1
    after = run.lines[next(n for n, line in enumerate(run.lines) if "ready" in line) + 1 :]
    said = [line for line in after if " INFO " not in line]
    assert said == ["polar: Telegram refuses the token in TELEGRAM_BOT_TOKEN (401); ask @BotFather for a valid one\n"]


@pytest.mark.usefixtures("hasty")
async def test_a_first_answer_that_cannot_be_read_is_asked_for_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be anybody's who stands between; nothing but a refused token ends the start."""
    house.world.fault("getMe", "empty", times=2)
    ann, chat = house.chat()
    house.world.say(chat, ann, "/ping")
    async with house.bot():
        await house.world.wait(lambda: texts(house, chat) == ["pong"])
    assert caplog.text.count("its answer cannot be read") == 2
    assert "Traceback" not in caplog.text


async def test_a_misspelt_setting_is_named_at_the_start(house: House) -> None:
    """It changes nothing, so that the settings of another version can be used; nobody has to find out by himself."""
    async with forked(house, _POLAR_ACESS="open-to-all") as run:
        pass
    said = "POLAR_ACESS in the environment is no setting and is ignored; is POLAR_ACCESS meant?"
    assert [line for line in run.lines if said in line]
    assert "open-to-all" not in "".join(run.lines)


async def test_a_reason_is_told_where_nobody_waits_for_it(house: House) -> None:
    """The command raises what the bot ended for, so that its status is 1."""
    loaded = house.settings()
    running = asyncio.create_task(until_asked_to_stop(loaded))
    await awake(house)
    [task] = [task for task in asyncio.all_tasks() if task.get_name() == "the menu"]
    task.cancel()
    with pytest.raises(Ended, match="the menu"):
        async with asyncio.timeout(30):
            await running
