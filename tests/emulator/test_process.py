"""`python -m emulator`."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

import httpx
import pytest

TOKEN = "5:PROCESS"


async def start(*options: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "emulator", *options, stdout=pipe, stderr=pipe)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_says_when_it_is_ready_and_ends_cleanly(number: signal.Signals) -> None:
    """One line with address and token; status 0 on either signal, and nothing else printed."""
    async with asyncio.timeout(30):
        process = await start("--port", "0", "--token", TOKEN, "--username", "process_bot")
        assert process.stdout is not None
        ready, url, token = (await process.stdout.readline()).decode().split()
        assert (ready, token) == ("ready", f"token={TOKEN}")
        async with httpx.AsyncClient() as http:
            me = (await http.get(f"{url}/bot{TOKEN}/getMe")).json()
            assert me["result"]["username"] == "process_bot"
            process.send_signal(number)
            out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_a_port_in_use_is_one_clear_line() -> None:
    """Status 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        async with asyncio.timeout(30):
            process = await start("--port", port)
            _, err = await process.communicate()
    assert process.returncode == 1
    assert err.decode() == f"emulator: cannot listen on 127.0.0.1:{port}: Address already in use\n"


async def test_a_host_beyond_loopback_is_one_clear_line() -> None:
    """Status 1."""
    async with asyncio.timeout(30):
        process = await start("--host", "0.0.0.0")  # noqa: S104
        _, err = await process.communicate()
    assert process.returncode == 1
    assert err.decode().startswith("emulator: 0.0.0.0 is not a loopback address")
    assert err.count(b"\n") == 1
