"""What is set by a name that means nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import home, settings
from bot.home import Home


def test_a_name_that_is_no_setting_is_told_with_the_nearest_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the environment and from `.env`, in whatever case; what stands in it is not shown, it may be a secret."""
    monkeypatch.setattr(home, "find", lambda: Home(folder=tmp_path, demo=""))
    monkeypatch.setenv("polar_wbhook_secret", "hush")
    (tmp_path / ".env").write_text("POLAR_ACESS=open\nPOLAR_ACCESS=open\nPOLAR_ZZZ=1\nEDITOR=vi\n", encoding="utf-8")
    told = list(settings.strangers())
    assert told == [
        "POLAR_ACESS is no setting and is ignored; is POLAR_ACCESS meant?",
        "POLAR_WBHOOK_SECRET is no setting and is ignored; is POLAR_WEBHOOK_SECRET meant?",
        "POLAR_ZZZ is no setting and is ignored",
    ]
