"""`polar export`, from any folder: it reads the settings and becomes the job."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from bot.settings import environment
from tests.exports.rows import FILES, fill, writing
from tests.house import CHECKOUT, House


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a little of everything."""
    file = tmp_path / "polar-system.db"
    with writing(file) as connection:
        fill(connection)
    return file


def polar(path: Path, *arguments: str, cwd: Path = CHECKOUT, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run the command with these settings, in a folder."""
    environ = environment({"PATH": "/usr/bin:/bin", "PYTHONPATH": str(CHECKOUT)}, {"database": path, **settings})
    command = House.command("export", *arguments)
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_the_folder_is_that_of_the_settings(path: Path, tmp_path: Path) -> None:
    """POLAR_ARTIFACTS; the facts of each file are printed for people, or as JSON."""
    done = polar(path, artifacts=tmp_path / "here")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(FILES)
    assert sorted(file.name for file in (tmp_path / "here").iterdir()) == sorted(FILES)
    facts = json.loads(polar(path, "--json", artifacts=tmp_path / "here").stdout)
    assert facts["HEARTBEAT.md"] == {
        "rows": 2,
        "bytes": (tmp_path / "here" / "HEARTBEAT.md").stat().st_size,
        "lastSequence": 2,
        "lastId": "r2",
        "changed": False,
    }


def test_a_relative_folder_starts_where_the_command_is_called(path: Path, tmp_path: Path) -> None:
    """Not in the checkout, from which the job is loaded whatever is called `exports` here."""
    place = tmp_path / "place"
    (place / "exports").mkdir(parents=True)
    (place / "exports" / "__init__.py").touch()
    (place / "exports" / "__main__.py").write_text("raise SystemExit(99)", encoding="utf-8")
    done = polar(path, "--out", "mine", "--only", "memory", "--only", "heartbeat", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(file.name for file in (place / "mine").iterdir()) == ["HEARTBEAT.md", "MEMORY.md"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "everything"), "choose from 'reactions', 'heartbeat', 'memory', 'personality'"),
        (("--since", "yesterday"), "expected a date like 2026-11-01 or an instant like 2026-11-01T12:00:00Z"),
        (("--since", "-5"), "expected a date like 2026-11-01"),
        (("--nonsense",), "No such option"),
    ],
)
def test_wrong_usage_says_what_is_allowed(path: Path, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Status 2, and nothing is made."""
    done = polar(path, "--out", str(tmp_path / "out"), *arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


def test_a_missing_database_is_said_in_one_line(tmp_path: Path) -> None:
    """Status 1, with the remedy; none is made."""
    done = polar(tmp_path / "none.db", "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert done.stderr == f"polar: {tmp_path / 'none.db'} does not exist; polar run or polar db migrate creates it\n"
    assert not (tmp_path / "none.db").exists()


def test_the_help_names_what_can_be_asked_for() -> None:
    """Each of the four files."""
    done = polar(Path("unused"), "--help")
    assert done.returncode == 0
    assert {"reactions", "heartbeat", "memory", "personality"} <= set(re.findall(r"\w+", done.stdout))


def test_the_secrets_of_the_settings_are_nowhere(path: Path, tmp_path: Path) -> None:
    """Neither printed nor exported."""
    done = polar(path, telegram_bot_token="1:SECRET", web_secret="SECRET-too", artifacts=tmp_path / "out")
    written = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "out").iterdir())
    assert "SECRET" not in written + done.stdout + done.stderr
