"""What a doctor makes of settings, of the modes of files and of the database of zones."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot import home
from bot.doctor import on_machine
from bot.doctor.on_machine import MachineFacts
from bot.settings import Settings
from tests.bot.doctor.judged import judged

WELL = MachineFacts(
    strangers=(), lacks_secret=False, secret_file=Path("/srv/.env"), open_files=(), zones=599, zones_of="2026.6"
)


def test_settings() -> None:
    """From a file, from the environment, with a name that is none, with a value that is none."""
    assert judged(on_machine.check_settings(WELL)) == ("ok", "file")
    assert judged(on_machine.check_settings(replace(WELL, secret_file=None))) == ("ok", "environment")
    stranger = replace(WELL, strangers=("POLAR_RESPONDR is no setting and is ignored",))
    assert judged(on_machine.check_settings(stranger)) == ("warning", "strangers")
    assert judged(on_machine.check_settings(replace(WELL, lacks_secret=True))) == ("failed", "no_secret")
    wrong = on_machine.wrong_settings(["POLAR_ACCESS: no", "POLAR_LANGUAGE: no"])
    assert judged(wrong) == ("failed", "wrong")
    assert wrong.evidence == "POLAR_ACCESS: no; POLAR_LANGUAGE: no"


def test_modes_of_files() -> None:
    """The remedy can be copied, whatever the path."""
    assert judged(on_machine.check_files(WELL)) == ("ok", "private")
    diagnosis = on_machine.check_files(replace(WELL, open_files=(Path("/my bot/.env"),)))
    assert judged(diagnosis) == ("warning", "open")
    assert diagnosis.remedy == "chmod 600 '/my bot/.env'"


@pytest.mark.parametrize(
    ("count", "release", "expected"),
    [
        (599, "2026.6", ("ok", "whole")),
        (599, "2024.2", ("ok", "whole")),
        (599, "2023.4", ("warning", "old")),
        (599, "", ("ok", "whole")),
        (1, "2026.6", ("failed", "few")),
    ],
)
def test_zones(count: int, release: str, expected: tuple[str, str]) -> None:
    """A database of them that is there, and not old."""
    facts = replace(WELL, zones=count, zones_of=release)
    assert judged(on_machine.check_zones(facts, year=2026)) == expected


def test_the_facts_are_those_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that others may read is found, beside the database as well."""
    monkeypatch.setattr(home, "find", lambda: home.Home(folder=tmp_path, demo="polar demo"))
    settings = Settings(_env_file=None, database=tmp_path / "polar.db")  # type: ignore[call-arg]
    for name, mode in ((".env", 0o600), ("polar.db", 0o644), ("polar.db-wal", 0o640), ("polar.db.lock", 0o600)):
        (tmp_path / name).touch()
        os.chmod(tmp_path / name, mode)  # noqa: PTH101 - whatever the umask
    (tmp_path / ".env").write_text("POLAR_RESPONDR=openai\n")
    facts = on_machine.look_at_machine(settings)
    assert not facts.lacks_secret
    called = settings.model_copy(update={"webhook_url": "https://polar.example"})
    assert on_machine.look_at_machine(called).lacks_secret
    assert [path.name for path in facts.open_files] == ["polar.db", "polar.db-wal"]
    assert facts.secret_file == tmp_path / ".env"
    assert [line.partition(" ")[0] for line in facts.strangers] == ["POLAR_RESPONDR"]
    assert facts.zones > on_machine.FEWEST_ZONES
    assert facts.zones_of.startswith("20")
