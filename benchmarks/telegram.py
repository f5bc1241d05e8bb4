"""A Bot API server that costs as little as it can, so that what is measured is the bot.

`python -m benchmarks.telegram <feed as JSON>` serves on loopback and prints what happens, a JSON pair of name and value
a line: its `port`; `polled`, as a bot that has started asks for updates, or `webhook`, as it names its own; `began`, as
the first of the feed is given; `confirmed`, as all of it is; `answered`, as each text of the feed got its answer. What
it reads from its input, a JSON object a line, is given behind the feed, with `given` and then, as the answer comes in,
`reply`. Values are monotonic nanoseconds, a clock that all processes of a machine have in common.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass
from itertools import count
from typing import Any

BATCH = 100
CHATS = 256
SENT_AT = 1_795_000_000
FIRST_SENT_ID = 1_000_000_000
"""Numbers of what a bot sends, far above those of what it gets: they are one sequence a chat."""
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_OFFSET = re.compile(rb'\boffset"?[=:]\s*(\d+)')
_TIMEOUT = re.compile(rb'\btimeout"?[=:]\s*(\d+)')
_CHAT = re.compile(rb'\bchat_id"?(?:\s*[=:]\s*"?|[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)(-?\d+)')
_ME = {"id": 1_000_000_001, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a bot gets at once, over the chats in turn, and how long each of its messages takes to be sent."""

    updates: int = 0
    first: int = 1
    """The first update's id."""
    texts_percent: int = 0
    """Spread evenly; the others are reactions."""
    chats: int = CHATS
    send_ms: float = 0


def person(number: int) -> dict[str, Any]:
    """Somebody as Telegram tells of them."""
    return {
        "id": number,
        "first_name": "Alexandra",
        "last_name": "Placeholder",
        "username": f"alexandra_placeholder_{number}",
    }


def reaction(number: int, chat: int) -> dict[str, Any]:
    """A 👍 on one of the chat's messages."""
    return {
        "message_reaction": {
            "chat": {**person(chat), "type": "private"},
            "message_id": number + 1,
            "user": {**person(chat), "is_bot": False, "language_code": "en", "is_premium": True},
            "date": SENT_AT + number // 100,
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": "👍"}],
        }
    }


def message(number: int, chat: int, text: str = "") -> dict[str, Any]:
    """A text, a command where it begins with a slash."""
    command, _, _ = text.partition(" ")
    entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if text.startswith("/") else []
    return {
        "message": {
            "message_id": number + 1,
            "from": {**person(chat), "is_bot": False, "language_code": "en", "is_premium": True},
            "chat": {**person(chat), "type": "private"},
            "date": SENT_AT + number // 100,
            "text": text or f"Message {number}, about as long as what people write to a bot in one go.",
            **({"entities": entities} if entities else {}),
        }
    }


def written(update_id: int, content: dict[str, Any]) -> bytes:
    """An update as it travels."""
    return json.dumps({"update_id": update_id, **content}, separators=(",", ":")).encode()


def make_updates(feed: Feed) -> list[bytes]:
    """The updates of a feed as Telegram writes them."""
    made = []
    for number in range(feed.updates):
        is_text = number * feed.texts_percent // 100 != (number + 1) * feed.texts_percent // 100
        content = (message if is_text else reaction)(number, number % feed.chats + 1)
        made.append(written(feed.first + number, content))
    return made


class Server:
    """Gives each update until an offset confirms it; then waits for a further one as long as the bot asks for."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._updates = make_updates(feed)
        self._texts = feed.updates * feed.texts_percent // 100
        self._confirmed = self._given = 0
        self._sent_ids = count(FIRST_SENT_ID)
        self._sent = 0
        self._has_polled = False
        self._more = asyncio.Event()
        self._asking: set[bytes] = set()

    async def start(self) -> asyncio.Server:
        """Listen on a free port of loopback."""
        return await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=1 << 20)

    def ask(self, asked: dict[str, Any]) -> None:
        """Give one more: a `text` of somebody in their `chat`, a reaction where there is none."""
        number, chat = len(self._updates), int(asked["chat"])
        self._updates.append(
            written(
                self._feed.first + number,
                message(number, chat, asked["text"]) if "text" in asked else reaction(number, chat),
            )
        )
        if "text" in asked:
            self._asking.add(str(chat).encode())
        self._more.set()

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
        if method == b"getUpdates":
            return b'{"ok":true,"result":[%b]}' % b",".join(await self._batch(body))
        if method == b"sendMessage":
            return await self._send(body)
        if method == b"getMe":
            self._has_polled = False
            return _result(_ME)
        if method == b"setWebhook":
            _tell("webhook")
        return b'{"ok":true,"result":true}'

    async def _batch(self, body: bytes) -> list[bytes]:
        offset, timeout = _OFFSET.search(body), _TIMEOUT.search(body)
        if not self._has_polled:
            self._has_polled = True
            _tell("polled")
        if offset is not None:
            self._confirm(int(offset[1]) - self._feed.first)
        if self._confirmed == len(self._updates) and timeout is not None:
            await self._wait(int(timeout[1]))
        batch = self._updates[self._confirmed : self._confirmed + BATCH]
        self._note(self._confirmed + len(batch))
        return batch

    def _confirm(self, confirmed: int) -> None:
        if self._confirmed < self._feed.updates <= confirmed:
            _tell("confirmed")
        self._confirmed = max(self._confirmed, confirmed)

    async def _wait(self, timeout_s: int) -> None:
        self._more.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._more.wait()
        except TimeoutError:
            pass

    def _note(self, given: int) -> None:
        if self._given == 0 < given and self._feed.updates:
            _tell("began")
        if given > max(self._given, self._feed.updates):
            _tell("given")
        self._given = max(self._given, given)

    async def _send(self, body: bytes) -> bytes:
        chat = _CHAT.search(body)
        assert chat is not None
        if chat[1] in self._asking:
            self._asking.remove(chat[1])
            _tell("reply")
        if self._feed.send_ms:
            await asyncio.sleep(self._feed.send_ms / 1000)
        self._sent += 1
        if self._sent == self._texts:
            _tell("answered")
        sent = {"message_id": next(self._sent_ids), "date": SENT_AT, "from": _ME, "text": "An answer."}
        return _result({**sent, "chat": {**person(int(chat[1])), "type": "private"}})


def _result(value: Any) -> bytes:
    return json.dumps({"ok": True, "result": value}, separators=(",", ":")).encode()


def _tell(name: str) -> None:
    print(json.dumps([name, time.monotonic_ns()]), flush=True)


async def serve(feed: Feed) -> None:
    """Serve until the process is ended."""
    server = Server(feed)
    listening = await server.start()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps(["port", listening.sockets[0].getsockname()[1]]), flush=True)
    async with listening:
        async for line in reader:
            server.ask(json.loads(line))
        await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Feed(**json.loads(sys.argv[1]))))
