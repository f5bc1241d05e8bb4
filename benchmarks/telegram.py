"""A Bot API server that costs as little as it can, so that what is measured is the bot.

`python -m benchmarks.telegram <updates> <first update_id> <percent of messages>` prints its port, and then, as it
answers the first batch, the monotonic clock in nanoseconds (one clock for all processes of the machine).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

BATCH = 100
CHATS = 256
SENT_AT = 1_795_000_000
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_OFFSET = re.compile(rb'\boffset"?[=:]\s*(\d+)')
_TIMEOUT = re.compile(rb'\btimeout"?[=:]\s*(\d+)')
_ME = {"id": 1_000_000_001, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}


def _person(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "first_name": "Alexandra",
        "last_name": "Placeholder",
        "username": f"alexandra_placeholder_{number}",
    }


def _reaction(number: int, chat: int) -> dict[str, Any]:
    return {
        "message_reaction": {
            "chat": {**_person(chat), "type": "private"},
            "message_id": number + 1,
            "user": {**_person(chat), "is_bot": False, "language_code": "en", "is_premium": True},
            "date": SENT_AT + number // 100,
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": "👍"}],
        }
    }


def _message(number: int, chat: int) -> dict[str, Any]:
    return {
        "message": {
            "message_id": number + 1,
            "from": {**_person(chat), "is_bot": False, "language_code": "en", "is_premium": True},
            "chat": {**_person(chat), "type": "private"},
            "date": SENT_AT + number // 100,
            "text": f"Message {number}, about as long as what people write to a bot in one go.",
        }
    }


def make_updates(count: int, first: int, message_percent: int) -> list[bytes]:
    """The updates as Telegram writes them, over the chats in turn."""
    made = []
    for number in range(count):
        # Messages are spread evenly; what is no message is a reaction.
        is_message = number * message_percent // 100 != (number + 1) * message_percent // 100
        content = (_message if is_message else _reaction)(number, number % CHATS + 1)
        made.append(json.dumps({"update_id": first + number, **content}, separators=(",", ":")).encode())
    return made


class Server:
    """Gives each update until an offset confirms it; then waits as long as the bot asks for."""

    def __init__(self, updates: list[bytes], first: int) -> None:
        self._updates = updates
        self._first = first
        self._confirmed = 0
        self._told = False

    async def serve(self) -> None:
        """Print the port and answer until the process is ended."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=1 << 20)
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                method = head.split(b" ", 2)[1].partition(b"?")[0].rpartition(b"/")[2]
                answer = await self._answer(method, body)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                    % (len(answer), answer)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: bytes, body: bytes) -> bytes:
        if method == b"getMe":
            return json.dumps({"ok": True, "result": _ME}, separators=(",", ":")).encode()
        if method == b"getUpdates":
            return b'{"ok":true,"result":[%b]}' % b",".join(await self._batch(body))
        return b'{"ok":true,"result":true}'

    async def _batch(self, body: bytes) -> list[bytes]:
        offset, timeout = _OFFSET.search(body), _TIMEOUT.search(body)
        if offset is not None:
            self._confirmed = max(self._confirmed, int(offset[1]) - self._first)
        batch = self._updates[self._confirmed : self._confirmed + BATCH]
        if not batch and timeout is not None:
            await asyncio.sleep(int(timeout[1]))
        elif batch and not self._told:
            self._told = True
            print(time.monotonic_ns(), flush=True)
        return batch


def main() -> None:
    """Serve what the arguments ask for."""
    count, first, message_percent = map(int, sys.argv[1:])
    asyncio.run(Server(make_updates(count, first, message_percent), first).serve())


if __name__ == "__main__":
    main()
