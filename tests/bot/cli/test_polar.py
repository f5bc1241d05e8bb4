"""The `polar` command as a whole: its version, its help, completion, and the processes that it becomes."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from bot import VERSION, home
from bot.cli import COMMANDS, app
from bot.cli.deferred import Deferred
from tests.house import CHECKOUT, House


def polar(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command of this checkout, to its end."""
    return subprocess.run(
        House.command(*arguments),
        cwd=CHECKOUT,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "100", **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def asked_by_a_shell(*arguments: str, **variables: str) -> Result:
    """The command in this process, with variables that a shell sets."""
    return CliRunner().invoke(app, arguments, env=variables, prog_name="polar")


def every_command(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of the command itself and of all below it."""
    yield path
    for name, sub in getattr(command, "commands", {}).items():
        yield from every_command(sub.found() if isinstance(sub, Deferred) else sub, *path, name)


@pytest.mark.slow
def test_it_tells_its_version() -> None:
    """One line."""
    told = polar("--version")
    assert (told.returncode, told.stdout, told.stderr) == (0, f"polar {VERSION}\n", "")


EVERY = list(every_command(typer.main.get_command(app)))


@pytest.mark.parametrize("words", EVERY, ids=lambda words: " ".join(words) or "-")
def test_every_command_has_a_short_and_a_long_option_for_help(words: tuple[str, ...], capsys: Any) -> None:
    """Both say the same, with status 0."""
    said = []
    for option in ("-h", "--help"):
        with pytest.raises(SystemExit) as ended:
            app([*words, option], prog_name="polar")
        assert ended.value.code == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert " ".join(("Usage: polar", *words)) in said[0]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_list_of_commands_says_of_each_what_its_own_help_says(command: Deferred) -> None:
    """In its first paragraph, though it is listed without being imported."""
    assert command.help == command.found().help.partition("\n\n")[0]


HEAVY = ("aiohttp", "genai_prices", "httpx", "jinja2", "openai", "pydantic_settings", "starlette", "telegram")
"""What takes its time to import, and is for the doing; pydantic and markdown_it are what Typer itself loads."""
ASKED = """
import os, sys
from bot.cli import app

for words in {every}:
    if os.fork() == 0:
        sys.stdout = open(os.devnull, "w")
        try:
            app([*words, "--help"], prog_name="polar")
        except SystemExit:
            found = [name for name in {heavy} if name in sys.modules]
            ours = [name for name in sys.modules if name.startswith("bot.cli.") and not words]
            print(" ".join(words), found, ours, file=sys.__stdout__, flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.slow
def test_help_is_broken_where_the_terminal_ends() -> None:
    """Not where a line of ours does, which left half lines behind; in groups too."""
    group = next(command for command in COMMANDS if command.name == "db").found()
    paragraphs = group.commands["restore"].help.split("\n\n")
    assert len(paragraphs) == 2
    assert "\n" not in "".join(paragraphs)


@pytest.mark.slow
def test_no_help_loads_what_only_the_doing_needs() -> None:
    """Each in a process of its own, which says what it has loaded; to list the commands, none of them is."""
    every = [(), *((str(command.name),) for command in COMMANDS)]
    script = ASKED.format(every=every, heavy=HEAVY)
    told = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True)
    first, *others = told.stdout.splitlines()
    assert first == " [] ['bot.cli.deferred']"
    assert others == [f"{' '.join(words)} [] []" for words in every if words], told.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_what_completes_its_command_line(shell: str) -> None:
    """The script names the command, and asks it."""
    script = asked_by_a_shell(_POLAR_COMPLETE=f"source_{shell}")
    assert "_POLAR_COMPLETE" in script.stdout
    assert (script.exit_code, script.stderr) == (0, "")


@pytest.mark.slow
def test_completion_knows_the_commands() -> None:
    """Also those below another."""
    done = polar(_POLAR_COMPLETE="complete_bash", COMP_WORDS="polar db ", COMP_CWORD="2")
    assert {"check", "migrate", "prune"} <= set(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("--show-completion",), {"SHELL": "/bin/none"}),
        ((), {"_POLAR_COMPLETE": "nonsense"}),
        ((), {"_POLAR_COMPLETE": "complete_none"}),
    ],
)
def test_completion_never_ends_in_a_traceback(arguments: tuple[str, ...], variables: dict[str, str]) -> None:
    """Whatever the shell is."""
    told = asked_by_a_shell(*arguments, **variables)
    assert not isinstance(told.exception, Exception)
    assert "Traceback" not in told.stderr + told.stdout


@pytest.mark.slow
def test_the_emulator_lists_the_options_that_it_takes() -> None:
    """All of them, with the same defaults as the process itself."""
    of_process = subprocess.run(home.command("emulator", "--help"), cwd=CHECKOUT, capture_output=True, text=True)
    named = {*re.findall(r"--[a-z]+", of_process.stdout)}
    told = polar("emulator", "--help").stdout
    assert {*re.findall(r"--[a-z]+", told)} == named > {"--port", "--token", "--username", "--log"}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_emulator_gets_the_signals_of_the_command(tmp_path: Path, number: signal.Signals) -> None:
    """It is the same process, and nothing is left behind; a relative path starts where it is called."""
    process = await asyncio.create_subprocess_exec(
        *home.command("bot", "emulator", "--port", "0", "--token", "5:OWN", "--log", "calls.jsonl"),
        cwd=tmp_path, env=home.environment(os.environ), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(30):
        assert process.stdout is not None
        _, url, token = (await process.stdout.readline()).decode().split()
        assert token == "token=5:OWN"
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"{url}/bot5:OWN/getMe")).is_success
        process.send_signal(number)
        assert await process.wait() == 0
    assert os.listdir(tmp_path) == ["calls.jsonl"]  # noqa: PTH208 - shorter, and blocks nobody


@pytest.mark.slow
@pytest.mark.parametrize("command", [("web",), ("export",), ("emulator", "--host", "0.0.0.0")])  # noqa: S104
def test_what_lies_in_the_current_folder_is_run_in_place_of_nothing(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A folder or file that has the name of one of our packages is somebody's own matter."""
    for name in home.PACKAGES - {"bot"}:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('somebody else')")
    (tmp_path / "bot.py").write_text("raise SystemExit('somebody else')")
    told = subprocess.run(
        home.command("bot", *command),
        cwd=tmp_path,
        env=home.environment({**os.environ, "POLAR_WEB_LISTEN": "0.0.0.0:0", "POLAR_DATABASE": "/dev/null"}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 1
    assert "somebody else" not in told.stderr
    assert re.match(r"(polar|emulator): ", told.stderr), told.stderr
