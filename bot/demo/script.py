"""The scripted minute: chat, reactions, an automation, a crash, and everything still there afterwards."""

from __future__ import annotations

import asyncio
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.demo.screen import Screen
from bot.demo.stage import DemoFailed, Stage

LATER_S = 180
LINK = re.compile(r"start=(\w+)")


class Script:
    """Ann's minute with the bot."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        self._stage = stage
        self._screen = screen
        self._ann = 0
        self._seen = 0

    async def play(self) -> bool:
        """All scenes; True when the second process found everything as it must be."""
        await self._begin()
        await self._chat()
        await self._react()
        await self._opt_in()
        await self._crash()
        await self._come_back()
        await self._keep_quiet()
        await self._dislike()
        return await self._check()

    async def _begin(self) -> None:
        self._screen.scene("A bot that nobody owns prints a one-time link; Ann opens it")
        self._ann = (await self._stage.act("person", first_name="Ann", username="ann"))["id"]
        announced = await self._stage.start_bot(responder="bot.demo.thinking:Thinking")
        found = LINK.search(announced)
        if found is None:
            raise DemoFailed("the bot printed no link for its owner")
        await self._say(f"/start {found[1]}", shown="(opens t.me/polar_demo_bot?start=…)")

    async def _chat(self) -> None:
        self._screen.scene("They chat. No model is connected: the local responder remembers and recalls")
        await self._say("remember that my bike is green")
        await self._say("what colour is my bike?")

    async def _react(self) -> None:
        self._screen.scene("Ann reacts. Each change is an event in an append-only ledger")
        message = (await self._stage.sent(self._ann))[-1]["message_id"]
        for reactions, told in (
            (["👍"], "Ann reacts 👍"),
            (["👎"], "Ann changes it to 👎"),
            ([], "Ann removes it"),
        ):
            await self._stage.act("react", chat=self._ann, person=self._ann, message_id=message, reactions=reactions)
            self._screen.event(told)
        await self._stage.act("press", chat=self._ann, person=self._ann, message_id=message, data="fb:+")
        self._screen.event("Ann presses the 👍 button under the message")
        ledger = "SELECT count(*) FROM polar_feedback_events WHERE type LIKE 'reaction%'"
        await self._stage.until(lambda: self._stage.rows(ledger) == [(5,)], "five events in the ledger")

    async def _opt_in(self) -> None:
        self._screen.scene("Ann opts into an automation. Nothing runs that nobody asked for")
        await self._say("/automations create in 2 minutes | stretch your legs")

    async def _crash(self) -> None:
        self._screen.scene("A hard question; while the responder works, the process is killed")
        await self._say("think about my bike, please", answers=0)
        thinking = "SELECT count(*) FROM polar_updates WHERE status = 'pending'"
        idle = "SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending')"
        await self._stage.until(
            lambda: self._stage.rows(thinking) == [(1,)] and self._stage.rows(idle) == [(0,)],
            "the responder to be at work",
        )
        await self._stage.kill_bot()
        self._screen.alarm("kill -9: no time to save anything")
        await self._say("/ping", answers=0)
        self._screen.event("Ann writes on; nobody is there")

    async def _come_back(self) -> None:
        self._screen.scene("Three minutes later the bot is started again")
        await self._stage.start_bot(clock_offset_seconds=LATER_S)
        await self._hear(3)
        self._screen.event("the question was answered, the command too, and the automation fired: once each")
        reminder = next(m for m in await self._stage.sent(self._ann) if m["text"].startswith("⏰"))
        await self._stage.act(
            "react", chat=self._ann, person=self._ann, message_id=reminder["message_id"], reactions=["🔥"]
        )
        self._screen.event("Ann reacts 🔥 to the reminder")
        last = "SELECT count(*) FROM polar_feedback_events WHERE type LIKE 'reaction%'"
        await self._stage.until(lambda: self._stage.rows(last) == [(6,)], "the reaction to be recorded")

    async def _keep_quiet(self) -> None:
        self._screen.scene("Quiet hours: what falls into them waits until they end")
        await self._say("/automations create every 1 hour | drink some water")
        job = (await self._stage.sent(self._ann))[-1]["text"].split()[1].rstrip(":")
        now = datetime.now(UTC) + timedelta(seconds=LATER_S)
        start, end = (f"{now + timedelta(minutes=minutes):%H:%M}" for minutes in (50, 110))
        await self._say(f"/automations quiet {job} {start}-{end}")
        due = f"SELECT sequence FROM polar_scheduler_events WHERE eventId = 'automation:{job}'"  # noqa: S608
        [(before,)] = self._stage.rows(due)
        await self._jump(minutes=61)
        await self._stage.until(lambda: self._stage.rows(due)[0][0] > before, "the run to be deferred")
        self._screen.event(f"61 minutes later it is due, within {start}-{end}: deferred, nothing is sent")
        await self._jump(minutes=115)
        self._screen.event("115 minutes later the quiet hours are over:")
        await self._hear(1)

    async def _dislike(self) -> None:
        self._screen.scene("A 👎 on an automation's message asks what to do about it")
        message = (await self._stage.sent(self._ann))[-1]["message_id"]
        await self._stage.act("react", chat=self._ann, person=self._ann, message_id=message, reactions=["👎"])
        self._screen.event("Ann reacts 👎")
        await self._hear(1)
        offer = (await self._stage.sent(self._ann))[-1]
        pause = offer["reply_markup"]["inline_keyboard"][0][0]
        await self._stage.act(
            "press", chat=self._ann, person=self._ann, message_id=offer["message_id"], data=pause["callback_data"]
        )
        self._screen.event(f"Ann presses [{pause['text']}]")
        paused = "SELECT count(*) FROM polar_automation_jobs WHERE enabled = 0"
        await self._stage.until(lambda: self._stage.rows(paused) == [(1,)], "the automation to be paused")
        settled = "SELECT count(*) FROM polar_delivery_queue WHERE status <> 'sent'"
        await self._stage.until(lambda: self._stage.rows(settled) == [(0,)], "the press to be answered")
        for message in (await self._stage.sent(self._ann))[self._seen :]:
            self._screen.bot(message["text"], _buttons(message))
            self._seen += 1

    async def _jump(self, *, minutes: float) -> None:
        """Stop the bot and start it with its clock ahead."""
        await self._stage.stop_bot()
        await self._stage.start_bot(clock_offset_seconds=LATER_S + minutes * 60)

    async def _say(self, text: str, *, shown: str | None = None, answers: int = 1) -> None:
        self._screen.ann(shown or text)
        await self._stage.act("say", chat=self._ann, person=self._ann, text=text)
        await self._hear(answers)

    async def _hear(self, count: int) -> None:
        goal = self._seen + count
        delivered = "SELECT count(*) FROM polar_messages WHERE role = 'assistant' AND messageId IS NOT NULL"
        await self._stage.until(lambda: not count or self._stage.rows(delivered) == [(goal,)], f"{goal} answers")
        for message in (await self._stage.sent(self._ann))[self._seen : goal]:
            self._screen.bot(message["text"], _buttons(message))
        self._seen = goal

    async def _check(self) -> bool:
        self._screen.scene("A second process reads the SQLite file and Telegram's own log")
        status = await self._stage.stop_bot()
        if status != 0:
            raise DemoFailed(f"the bot ended with status {status} when it was asked to stop")
        checker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.demo.verify", str(self._stage.database), str(self._stage.log),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        printed, _ = await checker.communicate()
        self._screen.raw(printed.decode())
        return checker.returncode == 0

    async def talk(self) -> None:
        """Let whoever sits at the terminal write as Ann, until Ctrl-C or the end of input."""
        self._screen.scene("Your turn: write as Ann; /help lists commands, Ctrl-C ends")
        await self._stage.start_bot(clock_offset_seconds=LATER_S + 115 * 60)
        listener = asyncio.create_task(self._listen())
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                if line.strip():
                    await self._stage.act("say", chat=self._ann, person=self._ann, text=line.strip())
        finally:
            listener.cancel()

    async def _listen(self) -> None:
        while True:
            sent = await self._stage.sent(self._ann)
            for message in sent[self._seen :]:
                self._screen.bot(message["text"], _buttons(message))
            self._seen = len(sent)
            await asyncio.sleep(0.1)


def _buttons(message: dict[str, Any]) -> str:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return "  ".join(f"[{button['text']}]" for row in rows for button in row)
