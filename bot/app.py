"""The composition root: it wires the real parts, and does nothing else.

The order of the chain, with a reason for each place, stands in `App._layers`; commands and buttons are put together in
bot/commands/table.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot import responders, telegram
from bot.administrators import Administrators
from bot.admission import admission
from bot.automations.disliked import Disliked
from bot.automations.limits import Limits
from bot.automations.proposals import AutomationProposals
from bot.automations.rights import GroupRights
from bot.automations.subject import AutomationSubject
from bot.automations.unheard import Unheard
from bot.clock import new_code, new_id, stopwatch
from bot.commands.table import CommandTable
from bot.doctor.examination import Examination
from bot.doctor.reaction import WantedReactions
from bot.files.memories import JSON, MARKDOWN, MemoriesFile
from bot.files.own_data import SUBJECT as OWN_DATA
from bot.files.own_data import OwnDataFile
from bot.files.spool import Files
from bot.harm import HarmStop
from bot.heartbeats.subject import HeartbeatSubject
from bot.http.bot_api import OnRefusal
from bot.indexer import Indexer
from bot.named import load_named
from bot.pruner import Pruner
from bot.receiving.dispatch import Dispatch
from bot.receiving.journal import Journal
from bot.receiving.processor import Processor
from bot.receiving.read_ahead import ReadAhead
from bot.redaction import Redaction
from bot.scheduling.runner import Runner
from bot.sending.calls import Calls
from bot.sending.display import Live
from bot.sending.menu import Menu
from bot.sending.notices import Notices
from bot.sending.outcomes import Outcomes
from bot.sending.pacing import Pacing
from bot.sending.sender import Sender
from bot.sending.status import StatusDisplay
from bot.settings import Settings
from bot.supervised import Supervisor
from bot.sweeper import Sweeper
from bot.tracebacks import text_of
from bot.zones import Zones
from middleware.access import Access
from middleware.another_answer import AnotherAnswer, OfferAnother
from middleware.answering import Answering
from middleware.audit import Audit
from middleware.buckets import Buckets
from middleware.budget import Budget
from middleware.chain import Layer, compose
from middleware.commands import Commands
from middleware.counting import Counting
from middleware.errors import Errors
from middleware.experiments import FirstRatings, RunningExperiment, Variants
from middleware.facts import Facts
from middleware.feedback import Feedback, OnDislike
from middleware.heartbeat import Heartbeat
from middleware.history import History
from middleware.late_list import LateList
from middleware.ledger import Ledger
from middleware.needs import Needs
from middleware.other_bots import OtherBots
from middleware.own import Own
from middleware.personality import Fingerprints, Personality
from middleware.polarity import PolarityTable
from middleware.presence import Presence
from middleware.presses import InlinePresses
from middleware.rate_limit import RateLimit
from middleware.recall import Recall
from middleware.replies.outbox import Outbox
from middleware.respond import Respond
from middleware.responder import Abilities
from middleware.session import Session
from middleware.told import ToldFacts
from middleware.turn import KINDS, CallNext, Clock, Kind, Level, Turn
from storage.database import Database
from storage.erasure import CHANGES_WAITING, ERASES_QUEUED
from storage.ids import session_id_of
from storage.stores import Stores
from storage.tables.chats import MOVES_QUEUED
from storage.tables.experiments import CHANGED as EXPERIMENTS_CHANGED
from storage.tables.experiments import RATED

STRANGERS_TURNS, STRANGERS_S = 10, 600
"""The turns of a stranger that are heard: so many at once, and one in so many seconds."""
CALLED: frozenset[Kind] = frozenset({"command", "button"})
"""The kinds of turn that take a level, whoever else asks for it."""
DOCTOR_S = 5.0
"""The time that /doctor has: meanwhile no other command of its chat is handled."""
EMOJI_A_MINUTE = 30
"""Custom emoji of one person that Telegram is asked about in a minute."""


class App:
    """The running parts and how they call each other."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, supervisor: Supervisor, refused: OnRefusal
    ) -> None:
        self.settings, self.database, self.clock, self.supervisor = settings, database, clock, supervisor
        self.stores = Stores(database)
        self.admission = admission(settings)
        self.journal = Journal(database, clock)
        self.pruner = Pruner(database, self.stores.health, settings.terms, clock)
        self.sweeper = Sweeper(database)
        self.indexer = Indexer(database)
        self.telegram = telegram.build(settings, self.journal, refused, database.check_held)
        self.bot = self.telegram.application.bot
        redact = Redaction(settings.secrets)
        self.traceback_of: Callable[[Exception], str] = lambda error: redact(text_of(error))
        """What is kept of a fault with what was set aside for it."""
        self.calm = asyncio.Event()
        """Set when no update is left that may have been in hand when an earlier process ended."""
        self._wire_sending()
        self._wire_answering()
        self.layers = self._layers()
        """The chain, outermost first; of it each kind of turn goes through the layers that it concerns."""
        self._wire_turns(compose(self.layers))

    def _wire_sending(self) -> None:
        """Wire sending: queued replies, unfinished answers, status reactions."""
        settings, database, stores, group = self.settings, self.database, self.stores, self.supervisor.group
        self.pacing = Pacing(
            per_second=settings.send_rate_per_second,
            chat_per_second=settings.chat_send_rate_per_second,
            group_per_minute=settings.group_send_rate_per_minute,
        )
        self.outbox = Outbox(
            stores.deliveries, stores.messages, self.clock, settings.feedback_buttons, settings.max_answer_parts
        )
        self.status = (
            StatusDisplay(self.bot, self.pacing, database, stores.status_reactions, self.clock)
            if settings.status_reactions
            else None
        )
        memories = MemoriesFile(stores.memories)
        subjects = {
            OWN_DATA: OwnDataFile(stores.own_data, self.clock).make,
            MARKDOWN: memories.make_markdown,
            JSON: memories.make_json,
        }
        self.calls = Calls(self.bot, Files(subjects, settings.spool_folder))
        self.sender = Sender(
            database,
            stores,
            self.calls,
            self.pacing,
            outcomes=Outcomes(
                database,
                stores,
                tell=Notices(self.outbox, stores.access, settings.admin_telegram_ids).of_unclear,
                unheard=Unheard(stores, self.outbox, self.clock),
                wake=lambda session_ids: self.sender.wake(session_ids),
                clock=self.clock,
                traceback_of=self.traceback_of,
            ),
            calm=self.calm.wait,
            tasks=group(),
            clock=self.clock,
        )
        for change in (MOVES_QUEUED, ERASES_QUEUED):
            database.watch(change, self.sender.let_go)
        self.live = Live(self.bot, self.pacing, database, stores.messages, self.outbox, self.status, self.sender.take)

    def _wire_answering(self) -> None:
        """Who answers: commands, and the responder."""
        settings, database, stores, clock = self.settings, self.database, self.stores, self.clock
        self.answering = Answering()
        self.experiment = RunningExperiment(stores.experiments, clock)
        database.watch(EXPERIMENTS_CHANGED, self.experiment.changed)
        self.harm = HarmStop(database, stores.experiments, self.experiment, clock)
        database.watch(RATED, self.harm.look)
        self.fingerprints = Fingerprints(stores.keys)
        self.wanted = WantedReactions(stores.properties, stores.messages, clock)
        self.zones = Zones(stores.users, settings.zone)
        limits = Limits(most_jobs=settings.max_jobs_per_person, least=settings.least_interval)
        rights = GroupRights(Administrators(self.telegram.administrators_of, clock), settings.group_automations)
        responder = settings.responder
        self.facts = Facts(stores.asked_memories, talks=responder not in ("local", "none"), answers=responder != "none")
        examination = Examination(
            settings=settings,
            clock=clock,
            limit_s=DOCTOR_S,
            least_usd=lambda: responders.least_usd(settings, now_ms=clock()),
        )
        propose = AutomationProposals(stores.proposals, self.zones, rights, clock, new_id, limits)
        self.commands = CommandTable(
            *(settings, database, stores, clock, self.zones, rights, self.admission, self.answering, limits),
            facts=self.facts,
            examine=lambda: examination.of_running(database),
            wanted=self.wanted,
            proposals=propose,
            experiment=self.experiment.now,
        )
        self.registry = self.commands.registry()
        self.menu = Menu(self.bot, self.registry, stores.access, self._above_members())
        self.responder = responders.build(
            settings, stores=stores, propose=propose, remember=ToldFacts(stores.memories, self.facts), clock=clock
        )
        self.abilities = Abilities.of(self.responder)

    def _wire_turns(self, chain: CallNext) -> None:
        """Wire what makes turns: updates, and what is due."""
        self.runner = Runner(
            self.database,
            self.stores,
            {
                "automation": AutomationSubject(self.stores, self.zones, self.settings.least_interval),
                "heartbeat": HeartbeatSubject(self.stores),
            },
            chain,
            tasks=self.supervisor.group(),
            clock=self.clock,
            traceback_of=self.traceback_of,
        )
        dispatch = Dispatch(self.telegram.application, chain, self.outbox, self.sender.commit)
        self.processor = Processor(
            self.database,
            self.stores.updates,
            dispatch.handle,
            dispatch.give_up,
            tasks=self.supervisor.group(),
            watcher=self.status,
            calm=self.calm,
            settled=self.journal.settled,
            clock=self.clock,
            traceback_of=self.traceback_of,
            answer_slots=self.settings.answer_slots,
            merge_window_ms=self.settings.merge_window,
        )
        self.journal.announce(ReadAhead(self.layers).note)
        self.journal.watch(self.processor.note)
        self.database.watch(CHANGES_WAITING, self.processor.let_go)

    def _above_members(self) -> dict[int, Level]:
        """Whom the settings give a level above member."""
        return {user: self.admission.level_of(user) for user in self.admission.operators | self.admission.admins}

    def _layers(self) -> tuple[Layer, ...]:
        settings, database, clock, stores = self.settings, self.database, self.clock, self.stores
        limit = RateLimit.of(settings.rate_limit_per_minute)
        own = tuple(Own(load_named("POLAR_MIDDLEWARE", name)) for name in settings.middleware)
        needs: Needs = self.abilities
        for layer in own:
            needs |= layer.needs
        context = (
            # How to speak to this person here.
            Personality(stores.personalities, needs),
            # Behind it, as an experiment may speak in another way, but to nobody who has chosen one.
            Variants(self.experiment, stores.shares, self.abilities, clock),
            # Beside it: what this person had remembered here, and nobody else, nor elsewhere.
            Recall(stores.memories, needs),
            # What was said before in this thread.
            History(stores.messages, stores.message_parts, needs),
        )
        is_early = any(layer.needs.is_context for layer in own)
        before_yours, before_responder = (context, ()) if is_early else ((), context)
        return (
            # Outermost, because it commits: whatever stands inside has its effects in that one commit.
            Errors(self.sender.commit, self.outbox, self._committed),
            # Around all that can deny, so that every turn leaves its trace, unless a stranger sends too much.
            Audit(clock, stopwatch, self.registry),
            # Around all that can block or skip a run, so that every run has its row.
            Ledger(stores.runs, clock),
            # Around all that can end a message's turn, so that what people were shown of it ends too.
            Presence(self.status),
            # Before access, as nobody is told anything by it.
            InlinePresses(),
            # Before anything is stored of a stranger.
            Access(
                access=stores.access,
                admission=self.admission,
                clock=clock,
                new_code=new_code,
                strangers=Buckets(STRANGERS_TURNS, STRANGERS_S),
                is_own_right=self.commands.own_data().is_right,
                ranked=KINDS - {"reaction"} if needs.rights else CALLED,
            ),
            # After access, which knows whether a bot is listed; before anything is stored of one that is not.
            OtherBots(Buckets(STRANGERS_TURNS, STRANGERS_S), stores.properties, stores.messages),
            # After access, so that strangers cannot fill it; before any work is done. Edits and reactions ask it where
            # they are known to cause something.
            limit,
            # Keeps what was written even where nobody answers it.
            Session(stores.messages, stores.message_parts, clock, limit, self.facts),
            # Beside it, as it makes of a press the question that was asked before.
            AnotherAnswer(stores.messages, stores.message_parts),
            # The context, where one of yours wants to know any of it.
            *before_yours,
            # Yours: sees every turn that may come in, as it is stored, and what becomes of it.
            *own,
            # Reactions end here: control needs no responder.
            Feedback(
                stores.feedback,
                stores.messages,
                stores.custom_emoji,
                PolarityTable(settings.polarity_overrides),
                self.telegram.describe_emoji,
                self.sender.settle,
                self._on_dislike(),
                self.wanted.answer,
                FirstRatings(self.experiment, stores.messages, stores.shares, clock).of,
                limit,
                Buckets(EMOJI_A_MINUTE, 60),
                clock,
            ),
            # Heartbeats end here: what is counted needs no model.
            Heartbeat(stores.health, clock),
            # Late reminders that come together end here: a list is said as it is.
            LateList(),
            # Commands end here, so that no model ever sees one.
            Commands(self.registry, self.commands.buttons()),
            # Facts end here, so that they are kept whoever answers, and though a model cannot be reached.
            self.facts,
            # The context, after all that answers without it: what follows is for the responder alone.
            *before_responder,
            # Last before the call, as its estimate is of all that goes along; nothing is asked of anybody over budget.
            Budget(database, self.abilities, settings.responder, clock, stopwatch),
            # Around the answer alone, as what it counts is the answer's own time.
            Counting(clock, stopwatch),
            # Innermost: the answer itself.
            Respond(
                self.responder,
                self.abilities,
                settings.responder,
                settings.responder_timeout_seconds,
                self.answering,
                stores.stop_marks,
                self.fingerprints.of,
                self.live.stage,
            ),
        )

    def _on_dislike(self) -> tuple[OnDislike, ...]:
        """What is asked of whoever dislikes something.

        Who answers at once would only say the same again, and where no buttons are wanted none offers anything.
        """
        automations: OnDislike = Disliked(self.stores.jobs, self.stores.feedback)
        if self.abilities.is_immediate or self.settings.feedback_buttons == "never":
            return (automations,)
        return (automations, OfferAnother(self.stores.messages, self.stores.feedback))

    def _committed(self, turn: Turn) -> None:
        """Wake whoever has work from what a turn has just committed."""
        self.calls.hurry(turn.replaces)
        if turn.migrated_to is not None:
            self.sender.wake([session_id_of(turn.migrated_to)])
        if turn.kind in ("command", "button"):
            self.runner.wake()
        if turn.kind == "button":
            self.sweeper.wake()
