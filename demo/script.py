"""The scripted minute: chat, reactions, a model, an automation, a crash, and everything still there afterwards."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

from demo.ann import Ann
from demo.keyboard import typing
from demo.screen import Screen
from demo.stage import MODEL, ZONE, DemoFailed, Stage

LATER_S = 180
QUIET_S = LATER_S + 61 * 60
AFTER_S = LATER_S + 115 * 60
LINK = re.compile(r"start=(\w+)")
EXPLAIN = "explain how you work"
HELD_WORDS = 31
"""The part of that answer which is out before the kill; it ends with a plain word."""
REACTIONS = "SELECT count(*) FROM polar_feedback_events WHERE type LIKE 'reaction%'"


class Script:
    """Ann's minute with the bot."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        self._stage = stage
        self._screen = screen
        self._ann = Ann(stage, screen)
        self._answer: dict[str, Any] = {}

    async def play(self) -> bool:
        """All scenes; True when the second process found everything as it must be."""
        await self._begin()
        await self._chat()
        await self._react()
        await self._opt_in()
        await self._connect()
        await self._propose()
        await self._crash()
        await self._come_back()
        await self._keep_quiet()
        await self._dislike()
        await self._run_out()
        await self._share()
        return await self._check() and await self._teach()

    async def _begin(self) -> None:
        self._screen.scene("A bot that nobody owns prints a one-time link; Ann opens it")
        await self._ann.join()
        announced = await self._stage.start_bot()
        link = LINK.search(announced)
        if link is None:
            raise DemoFailed("the bot printed no link for its owner")
        await self._ann.say(f"/start {link[1]}", shown="(opens t.me/polar_demo_bot?start=…)")

    async def _chat(self) -> None:
        self._screen.scene("They chat. No model is there yet: the local responder remembers")
        await self._ann.say("remember that my bike is green")
        await self._ann.say("what colour is my bike?")

    async def _react(self) -> None:
        self._screen.scene("Ann reacts. Each change is an event in an append-only ledger")
        message = (await self._ann.messages())[-1]
        await self._ann.react(message, "👍", told="Ann reacts 👍")
        await self._ann.react(message, "👎", told="Ann changes it to 👎")
        await self._ann.react(message, told="Ann removes it")
        await self._ann.press(message)
        await self._stage.until(lambda: self._stage.rows(REACTIONS) == [(5,)], "five events in the ledger")

    async def _opt_in(self) -> None:
        self._screen.scene("Ann opts into an automation. Nothing runs that nobody asked for")
        await self._ann.say("/automations create in 2 minutes | stretch your legs")

    async def _connect(self) -> None:
        self._screen.scene("Three settings connect a model: here a canned one, on loopback, no key")
        await self._stage.stop_bot()
        await asyncio.gather(self._start(), self._budget("0.10"))
        await self._ann.say("so, what colour is my bike?")
        self._answer = (await self._ann.messages())[-1]

    async def _propose(self) -> None:
        self._screen.scene("The model may propose an automation. It exists once Ann presses Create")
        # Half a day away, so that it comes due within none of the leaps below.
        hour = (datetime.now(ZONE) + timedelta(hours=12)).hour
        await self._ann.say(f"remind me every day at {hour:02}:00 to water the plants")
        await self._ann.press((await self._ann.messages())[-1])
        await self._ann.hear(1)

    async def _crash(self) -> None:
        self._screen.scene("The model's answer is seen growing; then the process is killed", pictured=True)
        text = await self._stage.hold(EXPLAIN, HELD_WORDS)
        last = text.split()[HELD_WORDS - 1]
        await self._ann.say(EXPLAIN, answers=0)
        with self._screen.writing() as show:

            def is_held() -> bool:
                drafts = self._stage.drafts()
                if drafts:
                    show(drafts[-1])
                return bool(drafts) and drafts[-1]["text"].rstrip().endswith(last)

            await self._stage.until(is_held, "the model to be in the middle of its answer")
        self._screen.draft(self._stage.drafts()[-1])
        await self._stage.kill_bot()
        self._screen.alarm("kill -9: no time to save anything")
        await self._ann.say("/ping", answers=0)
        self._screen.event("Ann writes on; nobody is there")

    async def _come_back(self) -> None:
        self._screen.scene("Three minutes later the bot is started again", pictured=True)
        await self._start(LATER_S)
        await self._ann.hear(3)
        self._screen.event("the question was answered, the command too, and the automation fired: once each")
        reminder = next(message for message in await self._ann.messages() if message["text"].startswith("⏰"))
        await self._ann.react(reminder, "🔥", told="Ann reacts 🔥 to the reminder")
        await self._stage.until(lambda: self._stage.rows(REACTIONS) == [(6,)], "the reaction to be recorded")

    async def _keep_quiet(self) -> None:
        self._screen.scene("Quiet hours: what falls into them waits until they end")
        await self._ann.say("/automations create every 1 hour | drink some water")
        job = (await self._ann.messages())[-1]["text"].split()[1].rstrip(":")
        now = datetime.now(ZONE) + timedelta(seconds=LATER_S)
        start, end = (f"{now + timedelta(minutes=minutes):%H:%M}" for minutes in (50, 110))
        await self._ann.say(f"/automations quiet {job} {start}-{end}")
        due = f"SELECT sequence FROM polar_scheduler_events WHERE eventId = 'automation:{job}'"  # noqa: S608
        [(before,)] = self._stage.rows(due)
        await self._leap(QUIET_S)
        await self._stage.until(lambda: self._stage.rows(due)[0][0] > before, "the run to be deferred")
        self._screen.event(f"61 minutes later it is due, within {start}-{end} ({ZONE.key}): deferred, nothing is sent")
        await self._leap(AFTER_S)
        self._screen.event("115 minutes later the quiet hours are over:")
        await self._ann.hear(1)

    async def _dislike(self) -> None:
        self._screen.scene("A 👎 on an automation's message asks what to do about it")
        await self._ann.react((await self._ann.messages())[-1], "👎", told="Ann reacts 👎")
        await self._ann.hear(1)
        await self._ann.press((await self._ann.messages())[-1])
        await self._ann.hear(1)
        paused = "SELECT count(*) FROM polar_automation_jobs WHERE enabled = 0 AND limitsJson IS NULL"
        await self._stage.until(lambda: self._stage.rows(paused) == [(1,)], "the automation to be paused")

    async def _run_out(self) -> None:
        self._screen.scene("What a model costs is counted. Over budget, it is not asked")
        await self._budget("0.02")
        await self._ann.say("and what is the meaning of life?")

    async def _share(self) -> None:
        self._screen.scene("Ann likes what the model said of her bike, and allows examples of her words")
        await self._ann.react(self._answer, "👍", told="Ann reacts 👍 to the model's answer")
        await self._stage.until(lambda: self._stage.rows(REACTIONS) == [(8,)], "the reaction to be recorded")
        await self._ann.say("/feedback share on")

    async def _teach(self) -> bool:
        self._screen.scene("What was rated is a dataset: here its one line, as trainers load it")
        folder = self._stage.log.parent / "dataset"
        command = ("feedback", "dataset", "--form", "kto", "--out")
        printed = await self._stage.polar(*command, str(folder))
        self._screen.command(f"polar {' '.join(command)} dataset", printed.splitlines()[0])
        lines = (folder / "kto-train.jsonl").read_text(encoding="utf-8").splitlines()
        for line in lines:
            self._screen.cut(line)
        return len(lines) == 1

    async def _start(self, later_s: float = 0) -> None:
        """Start the bot with the model, its clock ahead."""
        await self._stage.start_bot(
            clock_offset_seconds=later_s,
            responder="openai",
            openai_base_url=self._stage.model_url,
            openai_model=MODEL,
            openai_input_usd_per_mtok=3,
            openai_output_usd_per_mtok=15,
            openai_max_output_tokens=256,
            merge_window_ms=100,
        )

    async def _leap(self, later_s: float) -> None:
        await self._stage.stop_bot()
        await self._start(later_s)

    async def _budget(self, usd: str) -> None:
        """Set what may be spent in all, from another terminal."""
        self._screen.command(f"polar budget set global {usd}", await self._stage.polar("budget", "set", "global", usd))

    async def _check(self) -> bool:
        self._screen.scene("A second process reads the database, and what Telegram and the model saw")
        status = await self._stage.stop_bot()
        if status != 0:
            raise DemoFailed(f"the bot ended with status {status} when it was asked to stop")
        await self._stage.keep_requests()
        kept = (self._stage.database, self._stage.log, self._stage.requests)
        verdict, printed = await self._stage.run("demo.verify", *map(str, kept), str(self._screen.width))
        self._screen.raw(printed)
        return verdict == 0

    async def talk(self) -> None:
        """Let whoever sits at the terminal write as Ann, until Ctrl-C or the end of input."""
        async with typing() as typed:
            self._screen.scene("Your turn: write as Ann", pictured=True)
            await self._stage.polar("budget", "clear", "global")
            await self._start(AFTER_S)
            if page := await self._ann.page():
                self._screen.event(f"in the browser: {page}")
            self._screen.event("or here; /help lists commands, Ctrl-C ends")
            listener = asyncio.create_task(self._listen())
            try:
                async for line in typed:
                    await self._ann.write(line)
            finally:
                listener.cancel()
            await self._ann.look()

    async def _listen(self) -> None:
        while True:
            await self._ann.look()
            await asyncio.sleep(0.1)
