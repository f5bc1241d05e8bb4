"""Status reactions on people's messages: seen, working, waiting for you, done, failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.sending.pacing import Pacing
from bot.supervised import Tasks
from middleware.turn import Clock, Outcome, Turn
from storage.database import Database
from storage.ids import chat_id_of, side_of
from storage.tables.status_reactions import StatusReaction, StatusReactions
from storage.tables.updates import Entry

log = logging.getLogger("polar.live")

StatusState = Literal["received", "working", "asking", "done", "failed", "nothing"]
EMOJI: dict[StatusState, str] = {"received": "👀", "working": "✍", "asking": "🤔", "done": "👌", "failed": "🤷"}
"""All of them are standard reactions of Telegram's."""
UNENDED: tuple[StatusState, ...] = ("received", "working")
QUIET_S = 1.0
"""A turn that ends within this time shows nothing."""
GOES_AFTER_MS: dict[StatusState, int] = {
    "received": 3_600_000,
    "working": 3_600_000,
    "asking": 3_600_000,
    "failed": 3_600_000,
    "done": 60_000,
    "nothing": 0,
}
"""The longest time that a status is shown, should its turn never end."""
RETRY_S = 0.5
PAGE = 100

MessageKey = tuple[str, int]
"""A session, and the Telegram id of a message of it."""


@dataclass(slots=True)
class _Shown:
    wanted: StatusState
    shown: StatusState = "nothing"
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class StatusDisplay:
    """A task for each message whose turn takes a while; a newer status replaces one that was not sent yet.

    No call is made that an answer waits for: what finds no spare room at once is tried again later.
    """

    def __init__(
        self,
        bot: Bot,
        pacing: Pacing,
        database: Database,
        rows: StatusReactions,
        clock: Clock,
        tasks: Tasks[MessageKey],
    ) -> None:
        self._bot = bot
        self._pacing = pacing
        self._database = database
        self._rows = rows
        self._clock = clock
        self._messages: dict[MessageKey, _Shown] = {}
        self._left: set[MessageKey] = set()
        self._refused: set[tuple[int, str]] = set()
        self._tasks = tasks
        self._awake = asyncio.Event()

    def note(self, session_id: str, message_ids: Iterable[int], state: StatusState) -> None:
        """From now on this is how far the turn of these messages is; returns at once."""
        for message_id in message_ids:
            key = (session_id, message_id)
            message = self._messages.get(key)
            if message is None:
                if state not in UNENDED and key not in self._left:
                    continue  # it has ended before anybody was told of it
                message = self._messages[key] = _Shown(state)
                self._tasks.start(key, partial(self._follow, key, message), name=f"status {message_id}")
            message.wanted, message.ended = state, state not in UNENDED
            message.changed.set()

    def take(self, entry: Entry) -> None:
        """What people write to us alone is seen, even while its turn waits; elsewhere it may not be meant for us."""
        message_id, session_id = entry.telegram_message_id, entry.session_id
        is_answered = entry.kind == "message" and side_of(entry.lane) == "answer"
        if is_answered and message_id is not None and session_id and chat_id_of(session_id) > 0:
            self.note(session_id, [message_id], "received")

    def let_go(self, entry: Entry) -> None:
        """It has ended, in whatever way; where no turn has said how, nothing is shown any more."""
        session_id, message_id = entry.session_id, entry.telegram_message_id
        message = self._messages.get((session_id, message_id)) if session_id and message_id is not None else None
        if message is not None and not message.ended and session_id and message_id is not None:
            self.note(session_id, [message_id], "nothing")

    def begin(self, turn: Turn) -> None:
        """Its answer is being made."""
        self.note(turn.session_id, _ids(turn), "working")

    def end(self, turn: Turn, outcome: Outcome | None) -> None:
        """Its turn has ended like this; None: with an error, for good."""
        self.note(turn.session_id, _ids(turn), _final(outcome))

    async def _follow(self, key: MessageKey, message: _Shown) -> None:
        try:
            if key not in self._left and await self._ends_soon(message):
                return
            while not (message.ended and message.shown == message.wanted):
                message.changed.clear()
                if message.shown == message.wanted:
                    await message.changed.wait()
                elif await self._pacing.take_spare(chat_id_of(key[0])):
                    await self._show(key, message, message.wanted)
                else:
                    await asyncio.sleep(RETRY_S)
        finally:
            self._left.discard(key)
            del self._messages[key]

    async def _ends_soon(self, message: _Shown) -> bool:
        try:
            async with asyncio.timeout(QUIET_S):
                while not message.ended:
                    message.changed.clear()
                    await message.changed.wait()
        except TimeoutError:
            return False
        return True

    async def _show(self, key: MessageKey, message: _Shown, state: StatusState) -> None:
        message.shown = state
        emoji = EMOJI.get(state)
        # Noted before the call: what may be shown is taken away some time, whatever happens in between.
        await self._database.commit(self._rows.set(self._row(key, emoji or "", state)))
        if emoji is not None:
            await self._react(key, emoji)
        if state in ("asking", "failed"):  # they stay
            await self._database.commit(self._rows.remove(*key))
        self._awake.set()

    def _row(self, key: MessageKey, emoji: str, state: StatusState) -> StatusReaction:
        clear_at_ms = self._clock() + GOES_AFTER_MS[state]
        return StatusReaction(session_id=key[0], telegram_message_id=key[1], emoji=emoji, clear_at_ms=clear_at_ms)

    async def _react(self, key: MessageKey, emoji: str | None) -> bool:
        """Make the call; False when it is worth trying again."""
        chat_id = chat_id_of(key[0])
        if emoji is not None and (chat_id, emoji) in self._refused:
            return True
        try:
            await self._bot.set_message_reaction(chat_id, key[1], emoji)
        except (BadRequest, Forbidden) as error:
            if emoji is not None and isinstance(error, BadRequest) and "REACTION_INVALID" in str(error).upper():
                self._refused.add((chat_id, emoji))
        except TelegramError as error:
            log.info("a status reaction was not set: %s", type(error).__name__)
            return False
        return True

    async def prepare(self) -> None:
        """Take up what an earlier process left: what it worked on goes soon, unless its turn says otherwise."""
        for shown in await self._rows.list_shown(limit=PAGE * PAGE):
            self._left.add((shown.session_id, shown.telegram_message_id))
            if shown.emoji in [EMOJI[state] for state in UNENDED]:
                key = (shown.session_id, shown.telegram_message_id)
                await self._database.commit(self._rows.set(self._row(key, shown.emoji, "done")))

    async def run(self) -> None:
        """Take away what has been shown long enough, forever."""
        while True:
            self._awake.clear()
            shown = await self._rows.list_shown(limit=PAGE)
            for row in shown:
                if row.clear_at_ms <= self._clock():
                    await self._clear(row)
            try:
                async with asyncio.timeout(QUIET_S if shown else None):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def _clear(self, row: StatusReaction) -> None:
        key = (row.session_id, row.telegram_message_id)
        if key in self._messages or not await self._pacing.take_spare(chat_id_of(row.session_id)):
            return
        if await self._react(key, None):
            self._left.discard(key)
            await self._database.commit(self._rows.remove(*key))

    async def stop(self) -> None:
        """End every task; the rows tell the next process what is shown."""
        await self._tasks.end()


def _ids(turn: Turn) -> list[int]:
    return [incoming.telegram_message_id for incoming in turn.messages]


def _final(outcome: Outcome | None) -> StatusState:
    if outcome is None or outcome.status == "failed":
        return "failed"
    if outcome.status not in ("answered", "recorded"):
        return "nothing"
    return "asking" if any(getattr(reply, "asks", False) for reply in outcome.replies) else "done"
