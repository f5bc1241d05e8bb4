"""The service manager that started a process: where it listens."""

from __future__ import annotations

import os

import pytest

from bot.watchdog import ServiceManager


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
    told: dict[str, str], call: tuple[str, float]
) -> None:
    """In the variables of systemd; its patience is meant for the process that it names, if it names one."""
    manager = ServiceManager.named_in(told)
    assert (manager.address, manager.patience_s) == call
