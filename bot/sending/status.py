"""Status reactions on people's messages: seen, working, waiting for you, done, failed."""

from __future__ import annotations

import asyncio
import logging
from asyncio import get_running_loop
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.sending.pacing import Pacing
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
"""The wait of what found no room, before it is looked at again."""
ROOM = 256
"""Messages that may wait to be seen; of more nobody is told before their turn begins."""
PAGE = 100

MessageKey = tuple[str, int]
"""A session, and the Telegram id of a message of it."""


@dataclass(slots=True)
class _Message:
    wanted: StatusState
    since: float
    """When it was first told of, by the loop's clock."""
    shown: StatusState = "nothing"

    @property
    def has_ended(self) -> bool:
        return self.wanted not in UNENDED


class StatusDisplay:
    """One task that shows how far messages are whose turn takes a while, in the order in which they began.

    No call is made that an answer waits for: what finds no spare room at once is tried again later, and by then a newer
    status may have taken its place. Of what waits for its turn only so much is kept as there is room for.
    """

    def __init__(self, bot: Bot, pacing: Pacing, database: Database, rows: StatusReactions, clock: Clock) -> None:
        self._bot = bot
        self._pacing = pacing
        self._database = database
        self._rows = rows
        self._clock = clock
        self._messages: dict[MessageKey, _Message] = {}
        """Those whose turn has not ended, or whose end is not shown yet."""
        self._waiting: dict[str, dict[int, MessageKey]] = {}
        """Those that `take` told of, by lane and sequence."""
        self._room = ROOM
        self._left: set[MessageKey] = set()
        self._refused: set[tuple[int, str]] = set()
        self._has_rows = True
        self._look_at = 0.0
        self._awake = asyncio.Event()

    def note(self, session_id: str, message_ids: Iterable[int], state: StatusState) -> None:
        """From now on this is how far the turn of these messages is; returns at once."""
        for message_id in message_ids:
            key = (session_id, message_id)
            message = self._messages.get(key)
            if message is not None:
                self._change(key, message, state)
            elif state in UNENDED or key in self._left:  # else it has ended before anybody was told of it
                is_quiet = key not in self._left
                self._messages[key] = _Message(state, get_running_loop().time() if is_quiet else float("-inf"))
                if len(self._messages) == 1 or not is_quiet:
                    self._awake.set()

    def _change(self, key: MessageKey, message: _Message, state: StatusState) -> None:
        message.wanted = state
        if get_running_loop().time() >= message.since + QUIET_S:
            self._awake.set()
        elif message.has_ended:  # it took no while
            del self._messages[key]

    def take(self, entry: Entry) -> None:
        """Show 👀 on what people write to us alone, even while its turn waits; elsewhere it may not be meant for us."""
        if self._room == 0 or entry.kind != "message" or side_of(entry.lane) != "answer":
            return
        message_id, session_id = entry.telegram_message_id, entry.session_id
        if message_id is not None and session_id and chat_id_of(session_id) > 0:
            self._room -= 1
            self._waiting.setdefault(entry.lane, {})[entry.sequence] = (session_id, message_id)
            self.note(session_id, [message_id], "received")

    def let_go(self, lane: str, last: int) -> None:
        """They have ended, in whatever way; where no turn has said how, nothing is shown any more."""
        waiting = self._waiting.get(lane, {})
        for sequence in [sequence for sequence in waiting if sequence <= last]:
            self._room += 1
            key = waiting.pop(sequence)
            message = self._messages.get(key)
            if message is not None and not message.has_ended:
                self._change(key, message, "nothing")
        if not waiting:
            self._waiting.pop(lane, None)

    def begin(self, turn: Turn) -> None:
        """Its answer is being made."""
        self.note(turn.session_id, _ids(turn), "working")

    def end(self, turn: Turn, outcome: Outcome | None) -> None:
        """Its turn has ended like this; None: with an error, for good."""
        self.note(turn.session_id, _ids(turn), _final(outcome))

    async def run(self) -> None:
        """Show what changes, and take away what has been shown long enough, forever."""
        while True:
            self._awake.clear()
            for key, message in list(self._messages.items()):
                await self._show_change(key, message)
            if get_running_loop().time() >= self._look_at:
                await self._take_away()
            try:
                async with asyncio.timeout(min(QUIET_S, RETRY_S) if self._messages or self._has_rows else None):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def _show_change(self, key: MessageKey, message: _Message) -> None:
        if get_running_loop().time() < message.since + QUIET_S:
            return
        if message.shown != message.wanted and await self._pacing.take_spare(chat_id_of(key[0])):
            await self._show(key, message, message.wanted)
        is_over = message.shown == message.wanted or (message.shown == "nothing" and key not in self._left)
        if message.has_ended and is_over:  # where nothing was shown for want of room, an end is no news
            self._messages.pop(key, None)
            self._left.discard(key)

    async def _show(self, key: MessageKey, message: _Message, state: StatusState) -> None:
        message.shown = state
        emoji = EMOJI.get(state)
        # Noted before the call: what may be shown is taken away some time, whatever happens in between.
        await self._database.commit(self._rows.set(self._row(key, emoji or "", state)))
        if emoji is not None:
            await self._react(key, emoji)
        if state in ("asking", "failed"):  # they stay
            await self._database.commit(self._rows.remove(*key))
        self._has_rows = True

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

    async def _take_away(self) -> None:
        self._look_at = get_running_loop().time() + QUIET_S
        shown = await self._rows.list_shown(limit=PAGE)
        self._has_rows = bool(shown)
        for row in shown:
            if row.clear_at_ms <= self._clock():
                await self._clear(row)

    async def _clear(self, row: StatusReaction) -> None:
        key = (row.session_id, row.telegram_message_id)
        if key in self._messages or not await self._pacing.take_spare(chat_id_of(row.session_id)):
            return
        if await self._react(key, None):
            self._left.discard(key)
            await self._database.commit(self._rows.remove(*key))


def _ids(turn: Turn) -> list[int]:
    return [incoming.telegram_message_id for incoming in turn.messages]


def _final(outcome: Outcome | None) -> StatusState:
    if outcome is None or outcome.status == "failed":
        return "failed"
    if outcome.status not in ("answered", "recorded"):
        return "nothing"
    return "asking" if any(getattr(reply, "asks", False) for reply in outcome.replies) else "done"
