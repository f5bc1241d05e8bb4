"""What is set by a name that means nothing, and what a service manager says of itself."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize(
    ("told", "call"),
    [
        ({}, ("", 0)),
        ({"NOTIFY_SOCKET": "/run/notify"}, ("/run/notify", 0)),
        ({"NOTIFY_SOCKET": "@notify", "WATCHDOG_USEC": "30000000"}, ("@notify", 30)),
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": str(os.getpid())}, ("", 5)),
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}, ("", 0)),
        ({"WATCHDOG_USEC": "soon"}, ("", 0)),
    ],
)
def test_a_service_manager_says_where_it_listens_and_how_patient_it_is(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], call: tuple[str, float]
) -> None:
    """In the variables of systemd; its patience is meant for the process that it names, if it names one."""
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert settings.watchdog_call() == call
