"""Those who try it: a member who does all that a member can, a stranger, another bot, and connections that say nothing.

Their updates are counted, as what they may leave behind is bounded by them and by the limits.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter, deque
from collections.abc import Callable
from math import inf
from typing import Any

from emulator import Chat
from tests.campaigns.honest import Witness

NAME, STRANGE, ROBOTIC = "mallory", "stan", "robota"
WORDS = {NAME: "member", STRANGE: "stranger", ROBOTIC: "robot"}
"""Stand in whatever each of them would have a model asked."""
MOST_PENDING = 8
"""Updates that may wait at Telegram before they pause.

Here they come one after another, where Telegram has forty connections: behind many the honest would wait for that.
"""
PAUSE_S = 0.2
CALM_S = 2.2
"""Between the acts of a member who takes care to stay within the limits."""
SPELL_S = (4.0, 12.0)
"""For how long the member floods, or takes care."""
SILENT = 50
HUGE = "🦣" * 2048
COSTLY = (
    "RRULE:FREQ=MINUTELY;INTERVAL=1439;BYHOUR=5;BYMINUTE=7;COUNT=9999",
    "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "RRULE:FREQ=MINUTELY;INTERVAL=1440;BYDAY=1MO;BYSETPOS=366",
    f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))};COUNT=10000",
    "0 0 31 2 *",
    "*/1 */1 29 2 1",
)
SCHEDULES = ("every 5 minutes", "every 6 minutes", "in 1 minute", "in 2 minutes", "daily 09:00")
LISTS = ("/automations list", "/memory show", "/tasks", "/feedback", "/budget", "/help", "/export", "/whoami")
ODD = (
    *(
        "/stop",
        "/forget me",
        "/pair",
        "/unpair 1",
        "/start x",
        "/timezone Europe/Berlin",
        "/personality reset --global",
    ),
    *("/secretword", "/memory search %_*\"' OR 1", "/memory forget 1", "/automations delete 00000000"),
)
SLOW = ("remind me every day at 18:00 ", "in 7 minutes and ", "[](" * 30, "**_`~|" * 20, "> " * 60, "\u202e\u2028\x00")
FORGED = ("fb:+", "au:run:00000000", "pr:1:y", "me:y:1:1", "x" * 64, "")


class Attackers:
    """The three accounts. `counts` is what they sent, by who and what."""

    def __init__(self, world: Witness, group: Chat, seed: int) -> None:
        self.world, self.group = world, group
        self.chance = random.Random(seed)
        self.member, self.stranger = world.person("Mallory"), world.person("Stranger")
        self.robot = world.person("Robot", is_bot=True)
        self.home, self.outside = world.private(self.member), world.private(self.stranger)
        self.own_group = world.group("Not let in", [self.stranger])
        self.counts: Counter[str] = Counter()
        self.bytes_sent = 0
        self._said: deque[int] = deque(maxlen=200)
        self._strange: deque[int] = deque(maxlen=50)
        self._murmured: deque[int] = deque(maxlen=50)
        self._number = 0
        self._is_cunning = False
        self._acts: tuple[tuple[int, Callable[[], None]], ...] = (
            (14, self._press),
            (12, self._command),
            (10, self._edit),
            (10, self._react),
            (8, self._schedule),
            (8, self._ask),
            (6, self._run_by_hand),
            (6, self._mention),
            (4, self._propose),
            (4, self._remember),
            (3, self._murmur),
            (3, self._show),
            (2, self._forward),
        )

    async def attack(self) -> None:
        """Without end: floods, and spells in which the member uses up just what is allowed."""
        async with asyncio.TaskGroup() as attackers:
            attackers.create_task(self._be_tiresome())
            attackers.create_task(self._be_cunning())

    async def _be_tiresome(self) -> None:
        while True:
            of_member = 0 if self._is_cunning else self.chance.randint(1, 8)
            self.step(of_member, self.chance.randint(0, 3), self.chance.randint(0, 3), most_pending=MOST_PENDING)
            await asyncio.sleep(PAUSE_S)

    async def _be_cunning(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._is_cunning = not self._is_cunning
            ends_s = loop.time() + self.chance.uniform(*SPELL_S)
            while loop.time() < ends_s:
                if self._is_cunning:
                    self.step(1, 0, 0)
                await asyncio.sleep(CALM_S)

    def step(self, of_member: int, of_stranger: int, of_robot: int, *, most_pending: float = inf) -> None:
        """So many acts of each, fewer where as much waits at Telegram already."""
        for who, times, act in (
            ("member", of_member, self._act),
            ("stranger", of_stranger, self._intrude),
            ("robot", of_robot, self._babble),
        ):
            before, bytes_before = self.world.next_update_id, self.world.bytes_told
            for _ in range(times):
                if self.world.updates_pending() < most_pending:
                    self._number += 1
                    act()
            self.counts[who] += self.world.next_update_id - before
            self.bytes_sent += self.world.bytes_told - bytes_before

    def _act(self) -> None:
        weights = [weight for weight, _ in self._acts]
        [(_, act)] = self.chance.choices(self._acts, weights)
        act()

    # The member

    def _say(self, text: str, chat: Chat | None = None) -> None:
        message = self.world.say(chat or self.home, self.member, text[:4096])
        if chat is None:
            self._said.append(message)

    def _text(self) -> str:
        filler = self.chance.choice((HUGE, "x" * 4000, "tell me more " * 20, *(f"{text} " * 20 for text in SLOW)))
        return f"{NAME} {self._number} {filler}"

    def _ask(self) -> None:
        self._say(f"{NAME} {self._number} a long answer" if self.chance.random() < 0.3 else self._text())

    def _mention(self) -> None:
        self._say(f"@polar_test_bot {self._text()}", self.group)

    def _murmur(self) -> None:
        self.counts["murmurs"] += 1
        self._murmured.append(self.world.say(self.group, self.member, self._text()[:4096]))

    def _command(self) -> None:
        self.counts["commands"] += 1
        text = self.chance.choice((*LISTS, *ODD, f"/secretword{self._number}", f"/personality set {self._text()}"))
        self._say(text, self.chance.choice((None, None, None, self.group)))

    def _remember(self) -> None:
        self.counts["commands"] += 1
        self._say(f"/remember {self._text()}"[: self.chance.choice((200, 1900, 4096))])

    def _schedule(self) -> None:
        self.counts["commands"] += 1
        verb = self.chance.choice(("create", "create", "preview"))
        schedule = self.chance.choice((*SCHEDULES, *SCHEDULES, *COSTLY))
        self._say(
            f"/automations {verb} {schedule} | {self._text()[:300]}", self.chance.choice((None, None, self.group))
        )

    def _propose(self) -> None:
        self._say(f"remind me every day at 18:00 to water {NAME} {self._number}")

    def _run_by_hand(self) -> None:
        jobs = [data.rpartition(":")[2] for _, data in self._buttons(self.home) if data.startswith("au:")]
        self.counts["commands"] += 1
        verb = self.chance.choice(("run", "run", "run", "pause", "resume", "show", "delete"))
        self._say(f"/automations {verb} {self.chance.choice(jobs) if jobs else '1'}")

    def _press(self) -> None:
        chat = self.chance.choice((self.home, self.home, self.group))
        known = self._buttons(chat)
        message, data = self.chance.choice(known) if known else (1, "")
        if self.chance.random() < 0.2:
            data = self.chance.choice(FORGED)
        if data.startswith("me:y") and self.chance.random() < 0.9:
            return  # who has everything erased too often leaves nothing to look at
        for _ in range(1 if self._is_cunning else self.chance.choice((1, 1, 5))):
            self.world.press(chat, self.member, message, data)

    def _buttons(self, chat: Chat) -> list[tuple[int, str]]:
        """Under the newest messages of the bot."""
        room = self.world.room(chat)
        messages = [room.messages[number] for number in room.sent[-30:] if number in room.messages]
        rows = [(one["message_id"], row) for one in messages for row in _keyboard(one)]
        return [(number, button["callback_data"]) for number, row in rows for button in row]

    def _edit(self) -> None:
        places = [(self.home, self._said), (self.group, self._murmured)]
        chat, messages = self.chance.choice(places)
        if messages:
            self.world.edit(chat, self.chance.choice(messages), self._text()[:4096])

    def _react(self) -> None:
        room = self.world.room(self.chance.choice((self.home, self.group)))
        if not room.sent:
            return
        emoji: Any = self.chance.choice(("👍", "👎", "🤡", "🔥"))
        if self.chance.random() < 0.5:
            emoji = {"type": "custom_emoji", "custom_emoji_id": str(self._number)}
        self.counts["reactions"] += 1
        self.world.react(room.chat, self.member, self.chance.choice(room.sent[-20:]), emoji)

    def _show(self) -> None:
        kind = self.chance.choice(("photo", "sticker", "document", "voice", "poll", "location", "dice"))
        if self.chance.random() < 0.5:
            self.world.send(self.home, self.member, kind, f"{NAME} {self._number}")
        else:
            self.world.album(self.home, self.member, ["photo"] * 10, f"{NAME} {self._number}")

    def _forward(self) -> None:
        if self._said:
            self.world.forward(self.home, self.member, self.home, self.chance.choice(self._said))

    # The stranger, and the other bot

    def _intrude(self) -> None:
        text = self.chance.choice(("/start", "/start guess", f"/word{self._number}", HUGE, "/forget", "/ping", "hello"))
        text = text if text.startswith("/") else f"{STRANGE} {text}"[:2048]
        chance = self.chance.random()
        if chance < 0.5 or not self._strange:
            self._strange.append(self.world.say(self.outside, self.stranger, text))
        elif chance < 0.7:
            self.world.press(self.outside, self.stranger, self._strange[-1], self.chance.choice(FORGED))
        elif chance < 0.8:
            self.world.edit(self.outside, self._strange[-1], f"{self._number} {HUGE}"[:2048])
        elif chance < 0.9:
            self.world.react(self.outside, self.stranger, self._strange[-1], self.chance.choice(("👍", "👎", "🔥")))
        else:
            self.world.say(self.own_group, self.stranger, f"@polar_test_bot {text}"[:2048])

    def _babble(self) -> None:
        text = self.chance.choice(("hello", "/ping", "/automations create every 1 minute | spam", HUGE, "/export"))
        answer = self.world.room(self.group).sent[-1:]
        reply_to = answer[0] if answer and answer[0] in self.world.room(self.group).messages else None
        if text.startswith("/"):
            self.world.say(self.group, self.robot, text)
        else:
            self.world.say(self.group, self.robot, f"@polar_test_bot {ROBOTIC} {text}"[:2048], reply_to=reply_to)


def _keyboard(message: dict[str, Any]) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


async def silence(*ports: int) -> None:
    """Fifty connections to each port that say nothing, or not all of it; one that is closed is opened again."""
    async with asyncio.TaskGroup() as connections:
        for port in ports:
            for number in range(SILENT):
                connections.create_task(_keep_open(port, number % 2 == 1))


async def _keep_open(port: int, begins: bool) -> None:
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET / HTTP/1.1\r\nHost: loc" if begins else b"")
                while await reader.read(1024):
                    pass
            finally:
                writer.transport.abort()
        await asyncio.sleep(0.1)
