"""`polar export`, from any folder: it reads the settings and becomes the job."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.bot.cli.terminal import polar, process
from tests.exports.rows import FILES, fill, writing

pytestmark = pytest.mark.slow


@pytest.fixture
def filled(path: Path) -> Path:
    """A database with a little of everything."""
    with writing(path) as connection:
        fill(connection)
    return path


def test_the_folder_is_that_of_the_settings(filled: Path, tmp_path: Path) -> None:
    """POLAR_ARTIFACTS; the facts of each file are printed for people, or as JSON."""
    done = process("export", database=filled, artifacts=tmp_path / "here")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(FILES)
    assert sorted(file.name for file in (tmp_path / "here").iterdir()) == sorted(FILES)
    facts = json.loads(process("export", "--json", database=filled, artifacts=tmp_path / "here").stdout)
    assert facts["HEARTBEAT.md"] == {
        "rows": 2,
        "bytes": (tmp_path / "here" / "HEARTBEAT.md").stat().st_size,
        "lastSequence": 2,
        "lastId": "r2",
        "changed": False,
    }


def test_a_relative_folder_starts_where_the_command_is_called(filled: Path, tmp_path: Path) -> None:
    """Not in the checkout, from which the job is loaded whatever is called `exports` here."""
    place = tmp_path / "place"
    (place / "exports").mkdir(parents=True)
    (place / "exports" / "__init__.py").touch()
    (place / "exports" / "__main__.py").write_text("raise SystemExit(99)", encoding="utf-8")
    done = process("export", "--out", "mine", "--only", "memory", "--only", "heartbeat", cwd=place, database=filled)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(file.name for file in (place / "mine").iterdir()) == ["HEARTBEAT.md", "MEMORY.md"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "everything"), "choose from 'reactions', 'heartbeat', 'memory', 'personality'"),
        (("--since", "yesterday"), "expected a date like 2026-11-01 or an instant like 2026-11-01T12:00:00Z"),
        (("--since", "-5"), "expected a date like 2026-11-01"),
    ],
)
def test_wrong_usage_says_what_is_allowed(filled: Path, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Status 2, and nothing is made."""
    done = process("export", "--out", str(tmp_path / "out"), *arguments, database=filled)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


def test_an_unknown_option_is_wrong_usage() -> None:
    """Before the job is started."""
    done = polar("export", "--nonsense")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "No such option" in done.stderr


def test_a_missing_database_is_said_in_one_line(tmp_path: Path) -> None:
    """Status 1, with the remedy; none is made."""
    done = process("export", "--out", str(tmp_path / "out"), database=tmp_path / "none.db")
    assert done.returncode == 1
    assert done.stderr == f"polar: {tmp_path / 'none.db'} does not exist; polar run or polar db migrate creates it\n"
    assert not (tmp_path / "none.db").exists()


def test_the_help_names_what_can_be_asked_for() -> None:
    """Each of the four files."""
    done = polar("export", "--help")
    assert done.exit_code == 0
    assert {"reactions", "heartbeat", "memory", "personality"} <= set(re.findall(r"\w+", done.stdout))


def test_the_secrets_of_the_settings_are_nowhere(filled: Path, tmp_path: Path) -> None:
    """Neither printed nor exported."""
    done = process(
        "export",
        database=filled,
        telegram_bot_token="1:SECRET",
        web_secret="SECRET-too-of-the-web",
        artifacts=tmp_path / "out",
    )
    written = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "out").iterdir())
    assert "SECRET" not in written + done.stdout + done.stderr
