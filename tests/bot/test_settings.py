"""Where settings come from, and what is set by a name that means nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from bot import home, settings
from bot.errors import SettingsError
from bot.home import Home


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `.env` of an operator's folder, not there yet, and an environment without settings."""
    monkeypatch.setattr(home, "find", lambda: Home(folder=tmp_path, demo=""))
    for field in settings.Settings.model_fields:
        monkeypatch.delenv(settings.variable(field), raising=False)
    return tmp_path / ".env"


def test_the_environment_counts_before_the_file(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever case a name is written in, here and there; an empty value is one."""
    env.write_text("TELEGRAM_BOT_TOKEN=1:file\nPOLAR_ACCESS=open\npolar_language=en\nPOLAR_OPENAI_MODEL=file\n")
    monkeypatch.setenv("polar_access", "allowlist")
    monkeypatch.setenv("POLAR_OPENAI_MODEL", "")
    loaded = settings.load()
    assert (loaded.access, loaded.openai_model, loaded.language) == ("allowlist", "", "en")
    assert loaded.telegram_bot_token.get_secret_value() == "1:file"


def test_a_file_that_cannot_be_read_stops_the_start(env: Path) -> None:
    """Rather than that a bot runs without what it says."""
    env.write_text('POLAR_ACCESS=open\nTELEGRAM_BOT_TOKEN="1:hush\n')
    with pytest.raises(SettingsError, match="line 2: the quotation mark is not closed"):
        settings.load()


@pytest.mark.parametrize("name", ["POLAR_WEB_SECRET", "POLAR_WEBHOOK_SECRET"])
def test_a_secret_that_can_be_guessed_stops_the_start(env: Path, name: str) -> None:
    """With the way to make one, and without what it is; 16 characters will do."""
    env.write_text(f"{name}={'hush' * 3}hus\n")
    with pytest.raises(SettingsError, match=f"^{name}: expected 16 .*; make one by: python3") as told:
        settings.load()
    assert "hush" not in str(told.value)
    env.write_text(f"{name}={'hush' * 4}\n")
    settings.load()


def test_a_database_is_a_file_or_a_server_whose_password_is_not_shown(env: Path) -> None:
    """What shows the settings does not show it; it is one of what is taken out of the log."""
    env.write_text("POLAR_DATABASE=data/polar.db\n")
    assert settings.load().location == env.parent / "data" / "polar.db"
    assert settings.load().spool_folder == env.parent / "data"
    env.write_text("POLAR_DATABASE=postgresql://ann:hush%2Fhush@db/polar\n")
    loaded = settings.load()
    assert str(loaded.location) == "postgresql://ann@db/polar"
    assert loaded.spool_folder == Path(tempfile.gettempdir())
    assert "hush/hush" in loaded.secrets
    for shown in (repr(loaded), str(loaded)):
        assert "hush" not in shown
    given = settings.environment({}, {"database": loaded.database})
    assert given["POLAR_DATABASE"] == "postgresql://ann:hush%2Fhush@db/polar"


def test_an_address_that_is_refused_is_not_shown(env: Path) -> None:
    """It may hold a password."""
    env.write_text("POLAR_DATABASE=postgresql://ann:hu/sh@db/polar\n")
    with pytest.raises(SettingsError, match=r"^POLAR_DATABASE: write @") as told:
        settings.load()
    assert "ann" not in str(told.value)


def test_a_name_that_is_no_setting_is_told_with_its_place_and_the_nearest_one(
    env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the environment and from `.env`, in whatever case; what stands in it is not shown, it may be a secret."""
    monkeypatch.setenv("polar_wbhook_secret", "hush")
    monkeypatch.setenv("TELEGRAM_CHAT_ID", "of another program")
    env.write_text("POLAR_ACESS=open\nPOLAR_ACCESS=open\nPOLAR_ZZZ=1\nEDITOR=vi\nTELEGRAM_TOKEN=hush\n")
    assert list(settings.strangers()) == [
        f"POLAR_ACESS in {env}, line 1, is no setting and is ignored; is POLAR_ACCESS meant?",
        "POLAR_WBHOOK_SECRET in the environment is no setting and is ignored; is POLAR_WEBHOOK_SECRET meant?",
        f"POLAR_ZZZ in {env}, line 3, is no setting and is ignored",
        f"TELEGRAM_TOKEN in {env}, line 5, is no setting and is ignored; is TELEGRAM_BOT_TOKEN meant?",
    ]


def test_a_name_that_stands_twice_is_told(env: Path) -> None:
    """As only one of them counts."""
    env.write_text("POLAR_ACCESS=open\n\nPOLAR_ACCESS=pairing\n")
    assert list(settings.strangers()) == [f"POLAR_ACCESS stands twice in {env}, in lines 1 and 3; the last one counts"]
    assert settings.load().access == "pairing"
