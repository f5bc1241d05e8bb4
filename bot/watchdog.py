"""The messages to a service manager: systemd's protocol of notifications, a datagram a fact."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from typing import Self

log = logging.getLogger("polar.watchdog")

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


class ServiceManager:
    """Whoever started this process and wants to know how it is; without an address there is nobody.

    `patience_s` is how long it waits for a sign of life before it starts the process anew, 0 where it does not.
    """

    def __init__(self, address: str = "", patience_s: float = 0) -> None:
        self.address = address
        self._place = f"\0{address[1:]}" if address.startswith("@") else address  # of Linux, in no folder
        self.patience_s = patience_s

    @classmethod
    def named_in(cls, environment: Mapping[str, str]) -> Self:
        """The one that started this process, by the variables of systemd's sd_notify."""
        told = {name: environment.get(name, "") for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")}
        is_ours = told["WATCHDOG_PID"] in ("", str(os.getpid()))
        patience_us = told["WATCHDOG_USEC"] if is_ours and told["WATCHDOG_USEC"].isdecimal() else "0"
        return cls(told["NOTIFY_SOCKET"], int(patience_us) / 1e6)

    def tell(self, fact: str) -> None:
        """Send one of the facts above; returns at once, whether it arrives or not."""
        if not self.address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
                sending.setblocking(False)
                sending.sendto(fact.encode(), self._place)
        except OSError as error:
            log.warning("the service manager could not be told %s: %s", fact, error.strerror)

    async def run(self) -> None:
        """Give a sign of life from the event loop, twice as often as it is waited for; forever."""
        while True:
            self.tell(ALIVE)
            await asyncio.sleep(self.patience_s / 2)
