"""`polar emulator` is one process: a signal ends it, with whoever listens to it, and its port is free again."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import pytest

from tests.house import CHECKOUT, House

pytestmark = pytest.mark.slow

ASKING = "GET /bot1000000001:TEST-TOKEN/getUpdates?timeout=50 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
"""A bot that waits for updates."""


def children(process_id: int) -> list[str]:
    """The processes that a process has started."""
    return Path(f"/proc/{process_id}/task/{process_id}/children").read_text(encoding="ascii").split()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_all_that_it_has(number: signal.Signals) -> None:
    """Though a request is open; what was started is what is signalled, so that no child is left."""
    emulator = await asyncio.create_subprocess_exec(
        *House.command("emulator", "--port=0"), cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE
    )
    assert emulator.stdout is not None
    try:
        async with asyncio.timeout(60):
            ready = (await emulator.stdout.readline()).decode().split()
            assert ready[0] == "ready"
            port = int(ready[1].rpartition(":")[2])
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(ASKING.encode())
            await writer.drain()
            assert children(emulator.pid) == []
            emulator.send_signal(number)
            assert await emulator.wait() == 0
        writer.close()
    finally:
        if emulator.returncode is None:
            emulator.kill()
            await emulator.wait()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass
