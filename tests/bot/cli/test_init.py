"""`polar init`: from nothing to a bot that can start, and nothing changed where it does not come to that."""

from __future__ import annotations

import asyncio
import os
import pty
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import home, settings
from bot.cli import app, interview, questions
from bot.home import Home
from emulator.model import ModelServer
from tests.house import CHECKOUT, TOKEN, House

Init = Callable[..., Result]


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `.env` of an operator's folder, not there yet."""
    monkeypatch.setattr(home, "find", lambda: Home(folder=tmp_path, demo=""))
    for field in settings.Settings.model_fields:
        monkeypatch.delenv(settings.variable(field), raising=False)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    return tmp_path / ".env"


async def init(house: House, *options: str, typed: str = "", **environ: str) -> Result:
    """The command in this process, beside the Telegram that it asks."""
    variables = {"POLAR_TELEGRAM_API_URL": house.server.url, **environ}
    return await asyncio.to_thread(
        CliRunner().invoke, app, ["init", *options], input=typed, env=variables, prog_name="polar"
    )


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is there to answer."""
    monkeypatch.setattr(questions, "has_terminal", lambda: True)


def said(path: Path) -> str:
    """What a file says; '' where there is none."""
    return path.read_text() if path.exists() else ""


def fill(path: Path, text: str, encoding: str = "utf-8") -> None:
    """What an operator has there."""
    path.write_text(text, encoding=encoding)


def mode(path: Path) -> int:
    """Who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def written(house: House) -> str:
    """What is in the file when nothing was answered otherwise: with the server at which the token is good."""
    return f"""TELEGRAM_BOT_TOKEN={TOKEN}
POLAR_TELEGRAM_API_URL={house.server.url}
POLAR_ACCESS=pairing
POLAR_DEFAULT_TIMEZONE=Europe/Berlin
POLAR_RESPONDER=local
"""


@pytest.mark.usefixtures("terminal")
async def test_five_answers_make_a_bot(house: House, env: Path) -> None:
    """A token that is none, or not valid, is asked for again; Enter takes what is offered. No token is shown."""
    done = await init(house, typed=f"\nnonsense\n1:WRONG\n{TOKEN}\n\n\n\n")
    assert (done.exit_code, said(env), mode(env)) == (0, written(house), 0o600), done.output
    assert "TELEGRAM_BOT_TOKEN is missing" in done.output
    assert "That is not a token" in done.output
    assert "Telegram refuses this token" in done.output
    assert "https://t.me/polar_test_bot" in done.output
    assert "TEST-TOKEN" not in done.output
    assert "WRONG" not in done.output


@pytest.mark.parametrize("source", ["the environment", "standard input"])
async def test_without_a_terminal_nothing_is_asked(house: House, env: Path, source: str) -> None:
    """The token comes from there, and everything else from the options, or is what it would be anyway."""
    given = {"TELEGRAM_BOT_TOKEN": TOKEN} if source == "the environment" else {}
    done = await init(house, "--timezone", "europe/berlin", typed="" if given else f"{TOKEN}\n", **given)
    assert (done.exit_code, said(env)) == (0, written(house)), done.output


@pytest.mark.parametrize(
    ("options", "typed", "why"),
    [
        ((), "", "TELEGRAM_BOT_TOKEN is missing"),
        ((), "nonsense\n", "That is not a token"),
        ((), "1:WRONG\n", "Telegram refuses this token"),
        (("--timezone", "Berlin"), f"{TOKEN}\n", "is Europe/Berlin meant?"),
        (("--access", "everyone"), f"{TOKEN}\n", "POLAR_ACCESS: "),
        (("--access", "allowlist"), f"{TOKEN}\n", "POLAR_ALLOWED_TELEGRAM_IDS: Ids are whole numbers"),
        (("--responder", "openai", "--base-url", "localhost"), f"{TOKEN}\n", "POLAR_OPENAI_BASE_URL: An address"),
    ],
)
async def test_what_is_missing_or_wrong_is_told_in_one_line_and_nothing_is_written(
    house: House, env: Path, options: tuple[str, ...], typed: str, why: str
) -> None:
    """With status 1, for a script to see."""
    done = await init(house, *options, typed=typed)
    assert (done.exit_code, said(env)) == (1, ""), done.output
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


async def test_a_telegram_that_is_not_there_is_told_with_its_address(house: House, env: Path) -> None:
    """And without the token that was to be sent there."""
    done = await init(house, typed=f"{TOKEN}\n", POLAR_TELEGRAM_API_URL="http://127.0.0.1:9")
    assert (done.exit_code, said(env)) == (1, "")
    assert done.stderr.startswith("polar: http://127.0.0.1:9 cannot be reached (not sent: ")
    assert "TEST-TOKEN" not in done.stderr


@pytest.mark.usefixtures("terminal")
async def test_a_model_is_chosen_from_what_the_endpoint_offers_and_says_something(house: House, env: Path) -> None:
    """Of an address where nothing is, it is told, and asked again; the key is shown nowhere."""
    async with ModelServer() as server:
        typed = f"{TOKEN}\n\n\n2\nhttp://127.0.0.1:9/v1\nsk-hush\n\n{server.url}\n\n1\n"
        done = await init(house, typed=typed)
    assert done.exit_code == 0, done.output
    assert "http://127.0.0.1:9/v1 gives no answer: Connection refused" in done.output
    assert "canned-1 says: " in done.output
    assert said(env).endswith(
        f"POLAR_RESPONDER=openai\nPOLAR_OPENAI_BASE_URL={server.url}\n"
        "POLAR_OPENAI_API_KEY=sk-hush\nPOLAR_OPENAI_MODEL=canned-1\n"
    )
    assert "hush" not in done.output


async def test_without_a_terminal_a_model_must_be_named_and_must_answer(house: House, env: Path) -> None:
    """What is offered is told; the key is the second line of standard input."""
    async with ModelServer() as server:
        options = ("--responder", "openai", "--base-url", server.url)
        done = await init(house, *options, typed=f"{TOKEN}\nsk-hush\n")
        assert done.stderr == "polar: no model is named: give one by --model, of canned-1\n"
        assert not said(env)
        done = await init(house, *options, "--model", "canned-1", typed=f"{TOKEN}\nsk-hush\n")
    assert (done.exit_code, "POLAR_OPENAI_API_KEY=sk-hush\n" in said(env)) == (0, True), done.output


async def test_what_is_there_is_never_changed_unasked(house: House, env: Path) -> None:
    """Without --yes it is told what would be; with it all else stays, and the mode is mended."""
    before = "# mine\nPOLAR_LANGUAGE=en # it\nPOLAR_ACCESS=open\n"
    fill(env, before)
    options = ("--access", "pairing")
    done = await init(house, *options, typed=f"{TOKEN}\n")
    assert (done.exit_code, said(env)) == (1, before)
    assert "--yes changes it" in done.stderr
    assert "POLAR_ACCESS=pairing  (was open)" in done.stdout
    done = await init(house, *options, "--yes", typed=f"{TOKEN}\n")
    assert done.exit_code == 0
    assert said(env).startswith("# mine\nPOLAR_LANGUAGE=en # it\nPOLAR_ACCESS=pairing\n")
    assert mode(env) == 0o600


@pytest.mark.usefixtures("terminal")
async def test_a_no_or_an_end_at_any_question_leaves_everything_as_it_was(house: House, env: Path) -> None:
    """Also at the last one."""
    fill(env, "POLAR_LANGUAGE=en\n")
    answers = [f"{TOKEN}\n", "\n", "\n", "\n", "n\n"]
    for count in range(len(answers) + 1):
        done = await init(house, typed="".join(answers[:count]))
        assert (done.exit_code, done.stderr) == (130, "\nNothing was changed.\n")
        assert said(env) == "POLAR_LANGUAGE=en\n"


async def test_what_another_one_has_written_meanwhile_stays(
    house: House, env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two that set it up at once, the second one is told."""

    async def slow(token: str, **way: str) -> str:
        fill(env, "POLAR_LANGUAGE=en\n")
        return "polar_test_bot"

    monkeypatch.setattr(interview, "username_of", slow)
    fill(env, "")
    done = await init(house, "--yes", typed=f"{TOKEN}\n")
    assert (done.exit_code, said(env)) == (1, "POLAR_LANGUAGE=en\n"), done.output
    assert "somebody else has written" in done.stderr


async def test_a_file_that_cannot_be_read_is_told_before_anything_is_asked(house: House, env: Path) -> None:
    """It may hold what nobody wants to lose."""
    fill(env, "POLAR_LANGUAGE=en\n", "utf-16")
    done = await init(house, "--yes", typed=f"{TOKEN}\n")
    assert (done.exit_code, done.stderr) == (1, f"polar: {env}, line 1: this is UTF-16; save the file as UTF-8\n")


async def test_what_may_go_wrong_later_is_told_now(house: House, env: Path) -> None:
    """A name that no setting has, and a purse that is open to everybody."""
    fill(env, "POLAR_RESPONDR=openai\n")
    async with ModelServer() as server:
        options = ("--access", "open", "--responder", "openai", "--base-url", server.url, "--model", "canned-1")
        done = await init(house, *options, "--yes", typed=f"{TOKEN}\n")
    assert done.exit_code == 0, done.output
    assert "POLAR_RESPONDR in " in done.stdout
    assert "polar budget set global 5 --every 24h" in done.stdout


async def test_what_the_environment_sets_otherwise_is_told(house: House, env: Path) -> None:
    """As the file would not count."""
    done = await init(house, "--access", "open", typed=f"{TOKEN}\n", POLAR_ACCESS="pairing")
    assert done.exit_code == 0
    assert "POLAR_ACCESS is set in the environment, too, which counts before the file" in done.stdout


@pytest.mark.slow
async def test_at_a_real_terminal_no_secret_is_shown(house: House, tmp_path: Path) -> None:
    """The terminal's echo is off while the token is typed."""
    code = (
        "from pathlib import Path; from bot import home; "
        f"home.find = lambda: home.Home(folder=Path({str(tmp_path)!r}), demo=''); "
        "from bot.cli import app; app(['init'], prog_name='polar')"
    )
    here, there = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "POLAR_TELEGRAM_API_URL": house.server.url}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=CHECKOUT, env=environ, stdin=there, stdout=there, stderr=there,
        start_new_session=True,
    )  # fmt: skip
    os.close(there)
    shown = b""
    async with asyncio.timeout(30):
        for question, answer in (
            (b"shown): ", TOKEN),
            (b"Access [", ""),
            (b"Zone [", "Asia/Tokyo"),
            (b"Answers [", ""),
        ):
            while question not in shown:
                shown += await asyncio.to_thread(os.read, here, 1024)
            os.write(here, f"{answer}\n".encode())
        while b"t.me/polar_test_bot" not in shown:
            shown += await asyncio.to_thread(os.read, here, 1024)
        assert await process.wait() == 0
    os.close(here)
    assert b"TEST-TOKEN" not in shown
    assert b"Asia/Tokyo" in shown
    assert f"TELEGRAM_BOT_TOKEN={TOKEN}\n" in said(tmp_path / ".env")
