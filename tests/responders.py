"""Responders of the tests, named in POLAR_RESPONDER."""

from __future__ import annotations

import asyncio
import logging
import os

from middleware.responder import Responder
from middleware.turn import Reply, Turn

ECHO = "tests.responders:Echo"
SLOW_ECHO = "tests.responders:SlowEcho"
HANGING = "tests.responders:Hanging"
FAILING = "tests.responders:Failing"
LONG = "tests.responders:Long"
WRITING = "tests.responders:Writing"


class Echo:
    """Says what it was told."""

    def __init__(self, fallback: Responder) -> None:
        self.fallback = fallback

    async def respond(self, turn: Turn) -> str:
        """The text, marked as an answer."""
        return f"echo: {turn.text}"


class SlowEcho(Echo):
    """Takes a moment, so that a killed process is often caught at it."""

    async def respond(self, turn: Turn) -> str:
        """As Echo, 20 ms later."""
        await asyncio.sleep(0.02)
        return await super().respond(turn)


class Hanging(Echo):
    """Hangs on texts that start with “hang”, for as long as it is let."""

    async def respond(self, turn: Turn) -> str:
        """As Echo, or never."""
        if turn.text.startswith("hang"):
            await asyncio.Event().wait()
        return await super().respond(turn)


class Failing(Echo):
    """Fails on texts that start with “fail”."""

    async def respond(self, turn: Turn) -> str:
        """As Echo, or an error."""
        if turn.text.startswith("fail"):
            raise RuntimeError("this responder fails")
        return await super().respond(turn)


class Long(Echo):
    """Answers with as many paragraphs as the text's number says."""

    async def respond(self, turn: Turn) -> str:
        """Paragraphs of 1,000 characters."""
        return "\n\n".join(f"{n} " + "x" * 997 for n in range(int(turn.text)))


class Poison(Echo):
    """Ends the process on one text, as a crash in a C library would."""

    async def respond(self, turn: Turn) -> str:
        """As Echo, or the end."""
        if turn.text == "poison":
            os._exit(70)
        return await super().respond(turn)


class Writing(Echo):
    """Shows what it is given to say, piece by piece, and ends when it is let.

    A test drives it by `say` and `done.set()`.
    """

    said = ""
    more = asyncio.Event()
    done = asyncio.Event()
    calls = 0

    @classmethod
    def reset(cls, said: str = "") -> None:
        """Begin anew; a test calls this first."""
        cls.said, cls.more, cls.done, cls.calls = said, asyncio.Event(), asyncio.Event(), 0

    @classmethod
    def say(cls, said: str) -> None:
        """Say this, all in all."""
        cls.said = said
        cls.more.set()

    async def respond(self, turn: Turn) -> Reply:  # type: ignore[override]
        """What was said when it is let end."""
        type(self).calls += 1
        while not self.done.is_set():
            if self.said:
                turn.show(self.said)
            self.more.clear()
            waits = [asyncio.ensure_future(event.wait()) for event in (self.more, self.done)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        if self.said == "ask":
            return Reply(text="Shall I?", asks=True)
        if self.said == "fail":
            raise RuntimeError("this responder fails")
        return Reply(text=self.said, markdown=True, rateable=True)


class Endless(Echo):
    """Shows a beginning, and never comes to the end."""

    async def respond(self, turn: Turn) -> str:
        """Never."""
        turn.show("It begins")
        await asyncio.Event().wait()
        raise AssertionError


class Leaking(Echo):
    """Logs what nobody may read, as a careless library would."""

    async def respond(self, turn: Turn) -> str:
        """As Echo, after its leak."""
        logging.getLogger("careless").warning("the key is %s", os.environ["POLAR_OPENAI_API_KEY"])
        return await super().respond(turn)
