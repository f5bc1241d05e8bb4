"""`python -m web`: the dashboard as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path

from bot.listener import Listener, Listening, bind
from bot.tally import Tally
from storage.location import Location, parse
from web.app import create_app
from web.config import Config, Unsafe, check

SHUTDOWN_S = 3


class Server(Listener):
    """Says when it is ready."""

    def __init__(self, config: Listening, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the address."""
        await super().startup(sockets)
        sys.stderr.write(f"polar: ready, the dashboard is at {self._url}\n")
        sys.stderr.flush()


def main() -> int:
    """Serve until SIGINT or SIGTERM; 1 when it cannot, with one line that says why."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config = _config()
    try:
        check(config)
    except Unsafe as error:
        return _fail(str(error))
    try:
        bound = bind(config.host, config.port)
    except OSError as error:
        return _fail(
            f"the dashboard cannot listen on {config.host}:{config.port} ({error.strerror}); change POLAR_WEB_LISTEN"
        )
    with bound:
        asyncio.run(_serve(config, bound))
    return 0


def _config() -> Config:
    parser = argparse.ArgumentParser(prog="python -m web", description=__doc__)
    parser.add_argument(
        "--database", type=_location, required=True, help="the SQLite file, or a server's URL; only read"
    )
    parser.add_argument("--artifacts", type=Path, required=True, help="the folder of the exports; only read")
    parser.add_argument("--listen", default="127.0.0.1:8090", help="host:port; port 0 takes a free one")
    parser.add_argument("--secret-fd", type=int, help="a file descriptor from which the log-in's secret is read")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    return Config(
        database=options.database,
        artifacts=options.artifacts.absolute(),
        secret="" if options.secret_fd is None else _read(options.secret_fd),
        host=host.strip("[]"),
        port=int(port),
    )


def _location(written: str) -> Location:
    try:
        return parse(written, Path.cwd())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _read(descriptor: int) -> str:
    with os.fdopen(descriptor, encoding="utf-8") as pipe:
        return pipe.read()


async def _serve(config: Config, bound: socket.socket) -> None:
    host = f"[{config.host}]" if ":" in config.host else config.host
    tally = Tally(logging.getLogger("polar.web"))
    settings = Listening(create_app(config), tally, lifespan="on", timeout_graceful_shutdown=SHUTDOWN_S)
    server = Server(settings, f"http://{host}:{bound.getsockname()[1]}/")

    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    await server.serve(sockets=[bound])


def _fail(reason: str) -> int:
    sys.stderr.write(f"polar: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
