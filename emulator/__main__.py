"""`python -m emulator`: the server as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys

from .guard import check_loopback
from .server import Server
from .world import World


def main() -> int:
    """Serve until SIGINT or SIGTERM; 1 when it cannot, with one line that says why."""
    options = _options()
    os.umask(0o077)  # what it writes is nobody else's, from the first byte on
    try:
        check_loopback(options.host)
        world = World(options.token, options.username, log=options.log)
        asyncio.run(_serve(world, options))
    except ValueError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"cannot listen on {options.host}:{options.port}: {error.strerror}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    parser.add_argument("--token", default="1000000001:TEST-TOKEN", help="the bot's token")
    parser.add_argument("--username", default="polar_test_bot", help="the bot's username")
    parser.add_argument("--log", default=None, help="a file that gets a JSON line for each call and each update")
    return parser.parse_args()


async def _serve(world: World, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Server(world, options.host, options.port) as server:
        sys.stdout.write(f"ready {server.url} token={options.token}\n")
        if sys.stdout.isatty():
            sys.stdout.write(f"chat with the bot at {server.url}/\n")
        sys.stdout.flush()
        await stop.wait()


def _fail(reason: str) -> int:
    sys.stderr.write(f"emulator: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
