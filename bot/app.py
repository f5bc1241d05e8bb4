"""The composition root: the only place where the real parts meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from telegram import Update
from telegram.error import TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot import responders
from bot.automations.disliked import Disliked
from bot.automations.proposals import Propose
from bot.automations.subject import AutomationJobs
from bot.clock import new_id
from bot.commands.table import Table
from bot.heartbeats.subject import Heartbeats
from bot.http import HttpxTransport, JournalTransport
from bot.named import load_named
from bot.receiving import turns
from bot.receiving.processor import Processor, Unreadable, parse
from bot.scheduling.runner import Runner
from bot.sending.calls import Calls
from bot.sending.display import Live
from bot.sending.menu import Menu
from bot.sending.pacing import Pacing
from bot.sending.sender import Sender
from bot.sending.status import Status
from bot.settings import Settings
from bot.zones import Zones
from middleware.access import Access, private_place
from middleware.answering import Answering
from middleware.audit import Audit
from middleware.budget import Budget
from middleware.chain import compose
from middleware.commands import Commands, Registry
from middleware.errors import Errors
from middleware.feedback import Feedback
from middleware.heartbeat import Heartbeat
from middleware.history import History
from middleware.ledger import Ledger
from middleware.personality import Personality
from middleware.polarity import PolarityTable
from middleware.presence import Presence
from middleware.rate_limit import RateLimit
from middleware.recall import Recall
from middleware.replies.outbox import Outbox
from middleware.respond import Respond, Responder
from middleware.session import Session
from middleware.texts import say
from middleware.turn import CallNext, Clock, Level, Middleware, Reply, Source, Toast, Turn
from storage.database import Database
from storage.statement import Statement
from storage.tables.access import Access as AccessStore
from storage.tables.answers import Answers
from storage.tables.audit import Audit as AuditStore
from storage.tables.budgets import Budgets
from storage.tables.chats import Chats
from storage.tables.custom_emoji import CustomEmoji
from storage.tables.deliveries import Deliveries, Delivery, chat_id_of
from storage.tables.feedback import Feedback as FeedbackStore
from storage.tables.jobs import Jobs
from storage.tables.memories import Memories
from storage.tables.messages import Messages
from storage.tables.personalities import Personalities
from storage.tables.properties import LAST_POLL_MS, Properties
from storage.tables.proposals import Proposals
from storage.tables.runs import Runs
from storage.tables.stop_marks import StopMarks
from storage.tables.updates import Entry, Received, Updates, batch
from storage.tables.users import Users
from storage.views.health import Health

PTB = Application[Any, Any, Any, Any, Any, Any]
LEASE_MARGIN_S = 60
"""How much longer a run may take than its responder."""
POLL_NOTE_MS = 30_000
"""How often it is noted that Telegram answers, so that an idle bot hardly writes."""
POLL_POOL = 4
"""Connections for getUpdates: one that wedged must not be the only one."""


@dataclass(slots=True)
class InHand:
    """The updates of a turn on their way through PTB's handlers, and what became of them there."""

    updates: Sequence[Update]
    entries: Sequence[Entry]
    source: Source
    attempt: int
    handled: bool = False
    error: Exception | None = None


@dataclass(slots=True)
class App:
    """The running parts and how they call each other."""

    settings: Settings
    database: Database
    clock: Clock
    refused: Callable[[], None]
    telegram: PTB = field(init=False)
    updates: Updates = field(init=False)
    processor: Processor = field(init=False)
    sender: Sender = field(init=False)
    pacing: Pacing = field(init=False)
    outbox: Outbox = field(init=False)
    commands: Table = field(init=False)
    registry: Registry = field(init=False)
    menu: Menu = field(init=False)
    access: AccessStore = field(init=False)
    zones: Zones = field(init=False)
    chain: CallNext = field(init=False)
    runner: Runner = field(init=False)
    answering: Answering = field(default_factory=Answering)
    _responder: Responder = field(init=False)
    status: Status | None = field(init=False)
    live: Live = field(init=False)
    _in_hand: dict[int, InHand] = field(default_factory=dict)
    _transports: tuple[HttpxTransport, ...] = ()
    _last_sequence: int = 0
    _poll_noted_ms: int = 0

    def __post_init__(self) -> None:
        settings, database = self.settings, self.database
        self.updates = Updates(database)
        self.access = AccessStore(database)
        self.zones = Zones(Users(database), settings.zone)
        self.telegram = self._build_telegram()
        self.outbox = Outbox(
            Deliveries(database), Messages(database), self.clock, settings.feedback_buttons, since_ms=self.clock()
        )
        self.pacing = Pacing(
            per_second=settings.send_rate_per_second,
            chat_per_second=settings.chat_send_rate_per_second,
            group_per_minute=settings.group_send_rate_per_minute,
        )
        self.processor = Processor(
            database,
            self.updates,
            self._handle,
            self._give_up,
            clock=self.clock,
            answer_slots=settings.answer_slots,
            merge_window_ms=settings.merge_window,
        )
        self.sender = Sender(
            database,
            Calls(self.telegram.bot),
            self.pacing,
            tell=self._tell_operators,
            calm=self.processor.calm.wait,
            clock=self.clock,
        )
        bot = self.telegram.bot
        self.status = Status(bot, self.pacing, database, self.clock) if settings.status_reactions else None
        self.live = Live(bot, self.pacing, database, self.outbox, self.status, self.sender.wake)
        self.commands = Table(settings, database, self.clock, self.zones, self.access, self.answering)
        self.registry = self.commands.registry()
        operators = dict.fromkeys(settings.operator_telegram_ids, Level.OPERATOR)
        admins = dict.fromkeys(settings.admin_telegram_ids, Level.ADMIN)
        self.menu = Menu(bot, self.registry, database, operators | admins)
        self.chain = compose(self._middlewares())
        self.runner = Runner(
            database,
            {
                "automation": AutomationJobs(database, self.zones),
                "heartbeat": Heartbeats(database),
            },
            self.chain,
            clock=self.clock,
            holder=new_id(),
            lease_s=settings.responder_timeout_seconds + LEASE_MARGIN_S,
        )

    def _build_telegram(self) -> PTB:
        url = self.settings.telegram_api_url
        options: dict[str, Any] = {"on_refusal": self.refused}
        polling = HttpxTransport(connection_pool_size=POLL_POOL, read_timeout=10, **options)
        calls = HttpxTransport(connection_pool_size=128, read_timeout=20, pool_timeout=20, **options)
        self._transports = (polling, calls)
        application: PTB = (
            ApplicationBuilder()
            .token(self.settings.telegram_bot_token.get_secret_value())
            .base_url(f"{url}/bot")
            .base_file_url(f"{url}/file/bot")
            .request(calls)
            .get_updates_request(JournalTransport(polling, self.keep))
            .job_queue(None)
            .build()
        )
        turns.register(application, self._receive)
        application.add_error_handler(self._note_error)
        return application

    def _middlewares(self) -> tuple[Middleware, ...]:
        settings, database, clock = self.settings, self.database, self.clock
        messages, feedback, memories = Messages(database), FeedbackStore(database), Memories(database)
        propose = Propose(Proposals(database), self.zones, clock, new_id)
        responder = responders.build(settings, memories=memories, new_id=new_id, propose=propose, clock=clock)
        self._responder = responder
        limit = RateLimit(settings.rate_limit_per_minute)
        own = tuple(cast(Middleware, load_named("POLAR_MIDDLEWARE", name)) for name in settings.middleware)
        return (
            # Outermost, because it commits: whatever stands inside has its effects in that one commit.
            Errors(database, self.outbox, self._committed),
            # Around all that can deny, so that every turn leaves its trace.
            Audit(AuditStore(), feedback, clock, time.perf_counter),
            # Around all that can block or skip a run, so that every run has its row.
            Ledger(Runs(database), clock),
            # Around all that can end a message's turn, so that what people were shown of it ends too.
            Presence(self.status),
            # Before anything is stored of a stranger.
            Access(
                access=self.access,
                mode=settings.access,
                admins=settings.admin_telegram_ids,
                operators=settings.operator_telegram_ids,
                allowed=settings.allowed_telegram_ids,
                clock=clock,
            ),
            # After access, so that strangers cannot fill it; before any work is done.
            limit,
            # Keeps what was written even where nobody answers it.
            Session(messages, Answers(database), Chats(database), Jobs(database), clock, limit),
            # Yours: sees every turn that may come in, as it is stored, and what becomes of it.
            *own,
            # Reactions end here: control needs no responder.
            Feedback(
                feedback,
                messages,
                CustomEmoji(database),
                PolarityTable(settings.polarity_overrides),
                self._describe_emoji,
                self.sender.settle,
                Disliked(Jobs(database), feedback),
                clock,
            ),
            # Heartbeats end here: what is counted needs no model.
            Heartbeat(Health(database), clock),
            # Commands end here, so that no model ever sees one.
            Commands(self.registry, self.commands.buttons()),
            # After commands, which are no talk: what follows is for the responder alone.
            Personality(Personalities(database)),
            # Beside it: what this person had remembered here, and nobody else, nor elsewhere.
            Recall(memories),
            # After commands, which need no history; only where the responder wants to know it.
            History(messages, int(getattr(responder, "history", 0)), clock),
            # Last before the call, as its estimate is of all that goes along; nothing is asked of anybody over budget.
            Budget(database, Budgets(database), responder, clock),
            # Innermost: the answer itself.
            Respond(
                responder,
                settings.responder,
                settings.responder_timeout_seconds,
                self.answering,
                StopMarks(database),
                self.live.stage,
            ),
        )

    async def keep(self, received: list[Received]) -> None:
        """Commit a batch to the journal, and let the processor know; raises StorageError."""
        first = self._last_sequence + 1
        self._last_sequence += len(received)
        now_ms = self.clock()
        await self.database.commit(*batch(self.updates, received, first=first, now_ms=now_ms), *self._note_poll(now_ms))
        if received:
            self.processor.wake()
        if self.status is not None:
            self._note_waiting(self.status, received)

    def _note_waiting(self, status: Status, received: Sequence[Received]) -> None:
        """What people write to us alone is seen, even while its turn waits; elsewhere it may not be meant for us."""
        for update in received:
            message_id = update.telegram_message_id
            is_answered = update.kind == "message" and update.lane.endswith(":answer")
            if is_answered and message_id is not None and update.session_id and chat_id_of(update.session_id) > 0:
                status.note(update.session_id, [message_id], "received")

    def _note_poll(self, now_ms: int) -> Iterator[Statement]:
        if abs(now_ms - self._poll_noted_ms) >= POLL_NOTE_MS:
            self._poll_noted_ms = now_ms
            yield Properties(self.database).set(LAST_POLL_MS, str(now_ms))

    async def prepare(self) -> None:
        """What must be read, and settled of an earlier process, before the first update."""
        self._last_sequence = await self.updates.last_sequence()
        await self.database.commit(*Budgets.charge_left(now_ms=self.clock()))
        if self.status is not None:
            await self.status.prepare()

    async def close_transports(self) -> None:
        """Close what PTB leaves open when it was never initialized, and what the responder keeps open."""
        for transport in self._transports:
            await transport.shutdown()
        if (close := getattr(self._responder, "aclose", None)) is not None:
            await close()

    async def _handle(self, entries: Sequence[Entry], source: Source, attempt: int) -> bool:
        """The last update goes through the handlers, and takes along those that are merged with it."""
        updates = [self._update_of(entry) for entry in entries]
        last = updates[-1]
        in_hand = self._in_hand[last.update_id] = InHand(updates, entries, source, attempt)
        try:
            await self.telegram.process_update(last)
        finally:
            del self._in_hand[last.update_id]
        if in_hand.error is not None:
            raise in_hand.error
        return in_hand.handled

    def _update_of(self, entry: Entry) -> Update:
        data = parse(entry.body)
        try:
            return Update.de_json(data, self.telegram.bot)
        except Exception as error:
            raise Unreadable(f"{type(error).__name__}: {error}") from error

    async def _receive(self, update: Update, context: Any) -> None:
        in_hand = self._in_hand[update.update_id]
        turn = self._turn_of(in_hand.updates, in_hand.entries, in_hand.source, in_hand.attempt)
        if turn is not None:
            in_hand.handled = True
            await self.chain(turn)

    def _turn_of(
        self, updates: Sequence[Update], entries: Sequence[Entry], source: Source, attempt: int
    ) -> Turn | None:
        bot = self.telegram.bot
        try:
            return turns.turn_of(updates, entries, source, attempt=attempt, me=(bot.id, bot.username))
        except Exception as error:
            raise Unreadable(f"{type(error).__name__}: {error}") from error

    async def _give_up(self, entries: Sequence[Entry], dead: Sequence[Statement]) -> None:
        """Set updates aside that cannot be run any more; in a private chat, or where an answer was begun, say so."""
        nothing = Source(opening=(), failing=lambda reason: (), is_last_try=True)
        try:
            updates = [self._update_of(entry) for entry in entries]
            turn = self._turn_of(updates, entries, nothing, max(entry.attempts for entry in entries))
        except Unreadable:
            turn = None
        if turn is not None:
            await self.outbox.find_placeholder(turn)
        if turn is None or not turn.awaits_answer or not (turn.place.is_private or turn.replaces):
            await self.database.commit(*dead)
            return
        await self.database.commit(*dead, *self.outbox.queue(turn, (Reply(text=say("turn.apology")),)))
        self.sender.wake([turn.session_id])

    async def _note_error(self, update: object, context: Any) -> None:
        if isinstance(update, Update) and update.update_id in self._in_hand:
            self._in_hand[update.update_id].error = context.error

    def _committed(self, turn: Turn, replies: tuple[Reply | Toast, ...]) -> None:
        if replies or turn.replaces:
            places = (r.place for r in replies if isinstance(r, Reply) and r.place is not None)
            self.sender.wake({turn.session_id, *(place.session_id for place in places)})
        if turn.kind in ("command", "button"):
            self.runner.wake()

    async def _describe_emoji(self, custom_emoji_id: str) -> str | None:
        try:
            stickers = await self.telegram.bot.get_custom_emoji_stickers([custom_emoji_id])
        except TelegramError:
            return None
        return stickers[0].emoji or "" if stickers else ""

    async def _tell_operators(self, delivery: Delivery, reason: str) -> list[Statement]:
        owner = await self.access.owner()
        ids = {str(user) for user in self.settings.admin_telegram_ids} | ({owner} if owner else set())
        text = say("delivery.unclear", session=delivery.session_id, reason=reason)
        return [
            statement
            for user in sorted(ids)
            for statement in self.outbox.notify(delivery.delivery_id, private_place(user), text)
        ]
