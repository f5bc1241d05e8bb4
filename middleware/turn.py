"""A turn: one thing that happened, on its way through the chain, with the effects it will have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec
from msgspec import Struct

from middleware.incoming import Incoming, Invocation, Press, Reactions
from middleware.meter import UNMETERED, Meter
from storage.ids import reply_thread, root_thread, session_id_of, topic_thread
from storage.origin import UNKNOWN, Origin
from storage.payloads import Button as Button  # a part of what a reply is made of
from storage.statement import Rows, Statement
from storage.tables.messages import Message

if TYPE_CHECKING:
    from telegram import Update

Kind = Literal[
    "message",
    "edited_message",
    "command",
    "button",
    "another_answer",
    "reaction",
    "membership",
    "migration",
    "automation",
    "heartbeat",
]
KINDS: frozenset[Kind] = frozenset(get_args(Kind))
"""All of them."""
_ASKING: frozenset[Kind] = frozenset({"message", "edited_message", "command", "button", "another_answer"})
OutcomeStatus = Literal["answered", "recorded", "ignored", "denied", "limited", "skipped", "blocked", "failed"]


Speaker = Literal["responder", "polar"]
"""Whose words something is: those of whoever answers, or what the bot says about that by itself."""


class Level(IntEnum):
    """The level of a person; each may do all that those below it may."""

    STRANGER = 0
    MEMBER = 1
    OPERATOR = 2
    ADMIN = 3
    OWNER = 4


Clock = Callable[[], int]
"""Milliseconds since the epoch."""


class Place(Struct, frozen=True, kw_only=True, gc=False):
    """Where a turn happens. `topic_id` is set in a forum's topic only, never for a mere reply thread."""

    chat_id: int
    chat_type: str
    topic_id: int | None = None
    replied_id: int | None = None

    @property
    def session_id(self) -> str:
        """`telegram:chat:<id>`; topics live inside a session."""
        return session_id_of(self.chat_id)

    @property
    def thread_key(self) -> str:
        """The topic, else the reply thread, else the chat's root."""
        if self.topic_id is not None:
            return topic_thread(self.chat_id, self.topic_id)
        if self.replied_id is not None:
            return reply_thread(self.chat_id, self.replied_id)
        return root_thread(self.chat_id)

    @property
    def is_private(self) -> bool:
        """A chat with one person."""
        return self.chat_type == "private"

    @property
    def is_channel(self) -> bool:
        """A channel: whatever is sent there, all who read it see."""
        return self.chat_type == "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An automation's or a heartbeat's run.

    `sends` is false for jobs that must not send messages. `silent` sends without a notification. `checks` are a
    heartbeat's. `note` is said before all else. `retry_of` is the run in whose place somebody asked for this one.
    With `companions`, runs that end as this one does, the prompt is a list of all their prompts.
    """

    source: Literal["automation", "heartbeat"]
    subject_id: str
    run_id: str
    trigger: str
    prompt: str
    scheduled_at_ms: int
    sends: bool = True
    silent: bool = False
    note: str = ""
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    retry_of: str | None = None
    companions: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A text file to send: its name, and its content."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class LaterDocument:
    """A text file that is made when it is sent: nobody keeps it, however long it is.

    `made_of` is its subject, one of those of `bot/files`.
    """

    name: str
    made_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A message to send, as long as it may be. `place` is another chat than the turn's, where it goes there.

    `markdown` says that the text is a model's Markdown, to be shown formatted; `asks` that it waits for the
    person's decision. A `document` is sent with the text as its caption.
    """

    text: str
    markdown: bool = False
    asks: bool = False
    document: Document | LaterDocument | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    rateable: bool = False
    """True if it may carry 👍 and 👎 buttons."""
    by: Speaker | None = None
    """Whose words it is. Of what a responder returns the responder's, unless it says otherwise; else nobody's."""
    joins: bool = False
    """True if it goes out right behind the reply before it."""
    silent: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Toast:
    """The answer to a button press: a short text over the chat, or '' for none."""

    query_id: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a turn, and the replies that follow from it. `reason` is for the audit, never a person's text."""

    status: OutcomeStatus
    replies: tuple[Reply | Toast, ...] = ()
    reason: str | None = None
    is_kept: bool = True
    """False where nothing is kept of it, not even that it was."""

    @classmethod
    def answer(cls, text: str, **options: Any) -> Outcome:
        """Answered with one text."""
        return cls(status="answered", replies=(Reply(text=text, **options),))


RECORDED = Outcome(status="recorded")
"""Kept, and nothing said."""

Witness = Callable[[Exception | None], Iterable[Statement]]
"""Statements of a turn that are made when it is known whether it failed, and committed in either case."""


class Context(Struct, kw_only=True):
    """Knowledge for a responder besides the message itself, filled in by the layers before it.

    `personality` is the effective profile's prompt, empty for the neutral one. `memories` are facts that this person
    had remembered in this chat, best first. `history` are the messages of the same conversation, oldest first, without
    those of this turn; `replied` the one that this turn replies to, where it is stored, there or elsewhere in the chat.
    `model` is another one than the responder's own, where an experiment tries it.
    """

    personality: str = ""
    has_own_personality: bool = False
    """True if that is what this person has set for themselves."""
    model: str = ""
    memories: tuple[str, ...] = ()
    history: tuple[Message, ...] = ()
    replied: Message | None = None


def _unseen(text: str) -> None:
    """Shows an unfinished answer to nobody."""


def _no_update() -> None:
    """Nothing came from Telegram."""


class Source(Struct, kw_only=True):
    """The row that a turn comes from, as the statements that end it.

    `opening` goes first in the turn's commit and voids it when the source was handled already. `failing` gives
    what a failed try commits, from what was raised; after the last try the source is set aside.
    """

    opening: tuple[Statement, ...]
    failing: Callable[[Exception], tuple[Statement, ...]]
    is_last_try: bool
    held: Callable[[], Iterable[Statement]] = tuple
    """Goes first in what is committed before the turn's end, and voids that when the source was taken away."""
    last_words: tuple[Reply, ...] = ()
    """The words, in place of an apology, when the last try has failed."""
    opened: Callable[[Sequence[Rows]], None] | None = None
    """Told what the statements of the commit gave back, those of `opening` first."""


class Turn(Struct, kw_only=True):
    """One message, edit, command, press, reaction or run. Middleware read it and record effects on it."""

    id: str
    kind: Kind
    place: Place
    user_id: str
    received_at_ms: int
    source: Source
    sequence: int = 0
    """The place of its update in the journal, of several that were merged the first one's; 0 for a run."""
    attempt: int = 1
    may_be_begun: bool = False
    """True if an earlier try, of this process or of one before it, may have begun its answer, or been stopped at it."""
    update_id: int | None = None
    is_retried: bool = False
    """True if it was set aside, and somebody has taken it up again: what was said and done since is newer."""
    user_name: str = ""
    level: Level = Level.STRANGER
    has_rights: bool = True
    """False for an anonymous admin or a channel, whose id is shared or not a person's, and for another bot."""
    is_bot: bool = False
    """True for another bot, of which nothing is remembered."""
    speaks_for_group: bool = False
    """True for an anonymous administrator: it has the rights of the group where it speaks, and none of a person."""
    incoming: Incoming | None = None
    earlier: tuple[Incoming, ...] = ()
    """Messages that were merged into this turn, in order; of an album with a command, the others."""
    command: Invocation | None = None
    reactions: Reactions | None = None
    press: Press | None = None
    run: Run | None = None
    migrated_to: int | None = None
    removed: bool = False
    left: str | None = None
    """The user id of who has left this chat, or was thrown out of it."""
    origin: Origin = UNKNOWN
    """The producer of this turn's answer, stored with it; with what the bot says by itself only whose run it is."""
    former: str | None = None
    """The text that an edited message had before, where it is known."""
    is_renewed: bool = False
    """True if this is the edit of a message so recent that it gets a new answer."""
    replaces: tuple[str, ...] = ()
    """Delivery ids of messages of ours that the first reply takes the place of, in order."""
    discards: tuple[str, ...] = ()
    """Delivery ids of messages of ours that are deleted: no edit can make the reply of them."""
    context: Context = msgspec.field(default_factory=Context)
    spent_usd: float = 0
    """The cost of the responder's calls so far, whatever becomes of the turn."""
    meter: Meter = UNMETERED
    """Counts the calls of a responder that declares which model it calls."""
    show: Callable[[str], None] = _unseen
    """Shows the answer so far, as Markdown; returns at once. A responder may call it as often as it likes."""
    as_update: Callable[[], Update | None] = _no_update
    effects: list[Statement] = msgspec.field(default_factory=list)
    witnesses: list[Witness] = msgspec.field(default_factory=list)

    @property
    def session_id(self) -> str:
        """Where the turn happens."""
        return self.place.session_id

    @property
    def text(self) -> str:
        """The text that is to be answered: the message's or the run's prompt."""
        if self.run is not None:
            return self.run.prompt
        return "\n".join(incoming.text for incoming in self.messages if incoming.text)

    @property
    def request(self) -> str:
        """The same without the mentions in front of a message, which change nothing of what is meant."""
        if self.run is not None:
            return self.run.prompt
        return "\n".join(incoming.request for incoming in self.messages if incoming.text)

    @property
    def messages(self) -> tuple[Incoming, ...]:
        """All messages of this turn, in order of arrival; of an album, the one with its command last."""
        return self.earlier if self.incoming is None else (*self.earlier, self.incoming)

    @property
    def is_reply(self) -> bool:
        """True if it replies to a message that was not written just now."""
        own = {incoming.telegram_message_id for incoming in self.messages}
        return self.place.replied_id is not None and self.place.replied_id not in own

    @property
    def is_addressed(self) -> bool:
        """True if one of its messages is meant for us."""
        if self.incoming is not None and self.incoming.addressed:  # nearly every one, and each layer asks
            return True
        return any(incoming.addressed for incoming in self.earlier)

    @property
    def awaits_answer(self) -> bool:
        """True if a person wrote to us, rather than to others in a group, and waits for what we say."""
        return self.kind in _ASKING and (self.incoming is None or self.is_addressed)

    def place_in_order(self, position: int) -> dict[str, Any]:
        """What an event of the ledger says of where it comes from, and of its place in the order of all of them."""
        return {"updateId": self.update_id, "place": [self.sequence, position]}

    def update(self) -> Update | None:
        """The update that the turn comes from as python-telegram-bot has it, of several that were merged the last.

        It is built when somebody asks. None where that library cannot read it, and for a run.
        """
        return self.as_update()

    @property
    def asks_again(self) -> bool:
        """True if what it asks was asked before: only what was said before that counts."""
        return self.is_renewed or self.kind == "another_answer"

    def renew(self, messages: Sequence[Incoming], *, replaces: Iterable[str]) -> None:
        """Make this edit the turn that its message was a part of: all its messages, whose answer replaces the old."""
        *earlier, self.incoming = messages
        self.earlier = tuple(earlier)
        self.replaces = tuple(replaces)
        self.is_renewed = True

    def record(self, *statements: Statement) -> None:
        """Add effects, committed all together when the turn ends well."""
        self.effects.extend(statements)

    def bear_witness(self, witness: Witness) -> None:
        """Add statements that are committed whatever becomes of the turn, even if its own commit fails."""
        self.witnesses.append(witness)

    def testimony(self, error: Exception | None) -> list[Statement]:
        """The witnesses' statements of a turn that ended with this error, or well."""
        return [statement for witness in self.witnesses for statement in witness(error)]


CallNext = Callable[[Turn], Awaitable[Outcome]]
Middleware = Callable[[Turn, CallNext], Awaitable[Outcome]]
