"""`python -m emulator.model`: the model as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from ..guard import check_loopback
from .model import Model
from .server import ModelServer


def main() -> int:
    """Serve until SIGINT or SIGTERM; 1 when it cannot, with one line that says why."""
    options = _options()
    try:
        check_loopback(options.host)
        asyncio.run(_serve(options))
    except ValueError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"cannot listen on {options.host}:{options.port}: {error.strerror}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator.model", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8082, help="0 takes a free one")
    parser.add_argument("--name", default="canned-1", help="what the model calls itself")
    parser.add_argument("--delay-ms", type=float, default=0, help="between the words of an answer")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    model = Model(options.name, options.delay_ms / 1000)
    async with ModelServer(model, options.host, options.port) as server:
        sys.stdout.write(f"ready {server.url}\n")
        sys.stdout.flush()
        await stop.wait()


def _fail(reason: str) -> int:
    sys.stderr.write(f"emulator.model: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
