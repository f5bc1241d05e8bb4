"""Unfinished answers as people see them: a draft in private chats, elsewhere a message that is edited."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from telegram import Bot, MessageEntity
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.http.bot_api import Unsent
from bot.sending.calls import GRACE_S, NO_PREVIEW
from bot.sending.pacing import Pacing
from bot.sending.preview import last_part
from bot.sending.status import StatusDisplay
from middleware.replies.outbox import Outbox
from middleware.replies.rich_text import RichText
from middleware.turn import Turn
from storage.database import Database
from storage.delivery import Delivery
from storage.errors import ExpectationFailed
from storage.tables.deliveries import Deliveries
from storage.tables.messages import Messages

log = logging.getLogger("polar.live")

START_S = 1.0
"""An answer that is made sooner is sent at once; until then nothing is shown."""
EVERY_S = 0.5
TYPING_S = 4.0
"""Telegram shows for 5 s that we type."""
REFRESH_S = 20.0
"""Telegram forgets a draft after 30 s."""
CALL_S = 5.0
MAX_DRAFT_ID = 2**31 - 1


class Live:
    """Shows what is being written. Every call is one that no answer waits for; none of them has to succeed."""

    def __init__(
        self,
        bot: Bot,
        pacing: Pacing,
        database: Database,
        messages: Messages,
        outbox: Outbox,
        status: StatusDisplay | None,
        take: Callable[[Sequence[Delivery]], None],
    ) -> None:
        self._status = status
        self.bot = bot
        self.pacing = pacing
        self.database = database
        self.messages = messages
        self.outbox = outbox
        self.take = take
        self.without_drafts: set[int] = set()

    @asynccontextmanager
    async def stage(self, turn: Turn) -> AsyncIterator[Callable[[str], None]]:
        """A place to show the answer to a turn; when this is left, no call is made any more.

        A message that was sent for it is the one that the reply takes the place of, unless a call about it was given
        up: that may still have its effect, behind the answer.
        """
        if turn.run is not None:  # nobody watches
            yield turn.show
            return
        if self._status is not None and turn.kind == "message":
            self._status.begin(turn)
        display = Display(self, turn)
        task = asyncio.create_task(display.run(), name=f"display {turn.id}")
        try:
            yield display.show
        except asyncio.CancelledError:  # the bot stops
            task.cancel()
            raise
        finally:
            display.close()
            await asyncio.wait({task}, timeout=GRACE_S)
            task.cancel()
            await asyncio.wait({task})
            display.settle()
        if not task.cancelled():
            task.result()


class Display:
    """One unfinished answer in one chat."""

    def __init__(self, live: Live, turn: Turn) -> None:
        self._live = live
        self._turn = turn
        self._text = ""
        self._shown = ""
        self._shown_at = self._typed_at = float("-inf")
        self._paused_until = float("-inf")
        self._closing = asyncio.Event()
        self._draft_id = (turn.update_id or 0) % MAX_DRAFT_ID + 1
        self._is_doubtful = False
        """True if an edit of the message may still take effect, at any time."""

    def show(self, text: str) -> None:
        """The answer so far; what was not shown yet of an earlier one is skipped."""
        self._text = text

    def close(self) -> None:
        """End, after the call that is being made."""
        self._closing.set()

    def settle(self) -> None:
        """The last word: a message that may yet say something older is deleted, and the answer is a new one."""
        if self._is_doubtful:
            turn = self._turn
            turn.discards, turn.replaces = (*turn.discards, *turn.replaces[:1]), turn.replaces[1:]

    async def run(self) -> None:
        """Show what there is, as often as there is room for it."""
        wait_s = START_S
        while not await self._closes_within(wait_s):
            wait_s = EVERY_S
            if self._now() >= self._paused_until and self._is_due() and await self._has_room():
                await self._step()

    async def _closes_within(self, wait_s: float) -> bool:
        try:
            async with asyncio.timeout(wait_s):
                await self._closing.wait()
        except TimeoutError:
            return False
        return True

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _is_due(self) -> bool:
        if not self._text.strip():
            return self._now() - self._typed_at >= TYPING_S
        if self._text != self._shown:
            return True
        return self._drafts and self._now() - self._shown_at >= REFRESH_S

    @property
    def _drafts(self) -> bool:
        place = self._turn.place
        return place.is_private and not self._turn.replaces and place.chat_id not in self._live.without_drafts

    async def _has_room(self) -> bool:
        return await self._live.pacing.take_spare(self._turn.place.chat_id)

    async def _step(self) -> None:
        text = self._text
        try:
            await (self._show(text) if text.strip() else self._type())
        except RetryAfter as error:
            self._paused_until = self._now() + error._retry_after.total_seconds()
        except BadRequest as error:
            if not text.strip():  # that we write cannot be shown there; what we write may be
                pass
            elif self._drafts:  # a client or a chat that takes none
                self._live.without_drafts.add(self._turn.place.chat_id)
            elif "not modified" not in str(error).lower():
                self._paused_until = float("inf")
        except Forbidden:
            self._paused_until = float("inf")
        except TelegramError as error:
            log.info("%s: an unfinished answer was not shown: %s", self._turn.id, type(error).__name__)

    async def _type(self) -> None:
        self._typed_at = self._now()
        place = self._turn.place
        await self._live.bot.send_chat_action(place.chat_id, "typing", place.topic_id, read_timeout=CALL_S)

    async def _show(self, text: str) -> None:
        part = last_part(text)
        if not part.text:  # nothing that can be read yet
            self._shown = text
            return
        if self._drafts:
            place = self._turn.place
            await self._live.bot.send_message_draft(
                place.chat_id, self._draft_id, part.text, place.topic_id, entities=_entities(part), read_timeout=CALL_S
            )
        elif not await self._edit(part):
            return
        self._shown, self._shown_at = text, self._now()

    async def _edit(self, part: RichText) -> bool:
        """Send a message to be edited, or edit it; False when it has no receipt yet."""
        live, turn = self._live, self._turn
        if not turn.replaces:
            return await self._begin(part)
        sent = await live.messages.find_delivered(turn.replaces[0])
        if sent is None or sent.telegram_message_id is None:
            return False
        with self._doubted():
            await live.bot.edit_message_text(
                part.text,
                turn.place.chat_id,
                sent.telegram_message_id,
                entities=_entities(part),
                link_preview_options=NO_PREVIEW,
                read_timeout=CALL_S,
            )
        return True

    async def _begin(self, part: RichText) -> bool:
        """Queue the message; False where nobody waits for the answer any more, as its question was erased."""
        live, turn = self._live, self._turn
        turn.replaces = (live.outbox.placeholder_id(turn),)
        try:
            # The only thing of a turn that is committed before its end: a replay finds it, and finishes it.
            statements = (*turn.source.held(), *live.outbox.placeholder(turn, part.text))
            live.take(Deliveries.queued(statements, await live.database.commit(*statements)))
        except ExpectationFailed:
            turn.replaces, self._paused_until = (), float("inf")
            return False
        return True

    @contextmanager
    def _doubted(self) -> Iterator[None]:
        """A change of the message within this is doubtful where it ends without an answer of Telegram's."""
        try:
            yield
        except (BadRequest, Unsent):
            raise
        except (NetworkError, asyncio.CancelledError):
            self._is_doubtful = True
            raise


def _entities(part: RichText) -> list[MessageEntity]:
    return [MessageEntity(**entity.to_json()) for entity in part.entities]
