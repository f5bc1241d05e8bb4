"""An update, from its bytes to what the model is told of it, and what must hold on the way."""

from __future__ import annotations

import json
import random
from typing import Any

from bot.receiving.arrival import Arrival, Letter
from bot.receiving.batch import NotUpdates, read_batch
from bot.receiving.envelope import MARK_LENGTH, Envelope, read
from bot.receiving.forms import KIND_LENGTH
from bot.receiving.merging import piece_of
from bot.receiving.reading import UpdateUnreadable, read_update
from bot.receiving.turns import Me, turn_of, unreadable_turn
from middleware.incoming import Incoming, Press, Reactions
from middleware.said import said
from middleware.turn import Source, Turn
from storage.tables.updates import Entry, Received
from tests.campaigns.fuzzing.mutation import Mutator, places_in
from tests.campaigns.fuzzing.rules import must, must_be_clean, must_be_stored, must_fit
from tests.campaigns.fuzzing.samples import UPDATES, US

NAMES = sorted({key for written in UPDATES for _, key in places_in(json.loads(written)) if isinstance(key, str)})
ME = Me(id=US["id"], username=US["username"], name=US["first_name"])
_FIRST, _LAST = b'{"update_id":1,"message":{"text":"a"}}', b'{"update_id":3,"message":{"text":"b"}}'
_SOURCE = Source(opening=(), failing=lambda reason: (), is_last_try=True)
_LIMITS = (400, 3_000)
NOWHERE = 1e300
"""What no field can be."""
SPOILT, SPARED = 0.1, 0.5
"""Of the inputs, how many have bytes changed as well; of how many a part is spoilt, to see whether the rest is read."""


class UpdateReading:
    """Makes inputs, and judges what is read of each."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._mutator = Mutator(chance, UPDATES, NAMES)

    def draw(self) -> bytes:
        """The next input."""
        body = self._mutator.write(self._mutator.tree(self._chance.choice(UPDATES)))
        return self._mutator.spoil(body) if self._chance.random() < SPOILT else body

    def judge(self, body: bytes) -> None:
        """Raises Broken, or whatever the reading does that it must not."""
        received = read(body)
        if received is not None:
            _judge_received(received)
        value = _value(body)
        _judge_batch(body, received, is_json=value is not None)
        turn = _turn(body, received)
        if value is not None and (again := _written(value)) is not None:
            must(_read(again) == _read(body), "it is read the same, written another way")
            must(repr(turn) == repr(_turn(again, received)), "it makes the same turn, written another way")
        if turn is not None:
            _judge_turn(turn)
        if isinstance(value, dict) and self._chance.random() < SPARED:
            self._judge_spared(value)

    def _judge_spared(self, value: Any) -> None:
        """A part that cannot be read is as if it were not there; where that is the whole, there is no update."""
        written = _written(value)
        places = [place for place in places_in(value) if place[0] is not value] if written is not None else []
        if not places:
            return
        holder, key = self._chance.choice(places)
        holder[key] = NOWHERE
        broken = _read(json.dumps(value).encode())
        del holder[key]
        must(broken == _read(json.dumps(value).encode()), "what cannot be read is as if it were not there")


def _value(body: bytes) -> Any:
    """The JSON that it is; None for what is none, or none that Python can hold."""
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _written(value: Any) -> bytes | None:
    try:
        return json.dumps(value).encode()
    except (ValueError, RecursionError):
        return None


def _read(body: bytes) -> str:
    try:
        return repr(read_update(body))
    except UpdateUnreadable:
        return ""


def _judge_received(received: Received) -> None:
    for name in ("update_id", "telegram_message_id", "date"):
        must_fit(getattr(received, name), name)
    must(len(received.kind) <= MARK_LENGTH, "a kind is short")
    must(len(received.mark or "") <= 2 * MARK_LENGTH + 1, "a mark is short")
    for text in (received.kind, received.lane, received.session_id or "", received.mark or ""):
        must_be_clean(text, "the journal's row")


def _judge_batch(body: bytes, received: Received | None, *, is_json: bool) -> None:
    """It keeps nothing back that comes with it."""
    answer = b'{"ok":true,"result":[' + b",".join((_FIRST, body, _LAST)) + b"]}"
    try:
        found = read_batch(answer, lambda what: None)
    except NotUpdates:
        must(not is_json, "an update keeps back no others")
        return
    if not is_json:
        return
    bodies = [one.body for one in found]
    must(bodies[:1] == [_FIRST] and bodies[-1:] == [_LAST], "an update keeps back no others")
    must(len(bodies) == 2 + (received is not None), "a batch has what each of its updates is")


def _turn(body: bytes, received: Received | None) -> Turn | None:
    """The turn that it makes, if any."""
    entry = Entry(
        update_id=7,
        sequence=1,
        kind=received.kind if received is not None else "message",
        lane="",
        session_id=None,
        telegram_message_id=None,
        body=body,
        attempts=0,
        received_at_ms=1,
    )
    letter = Letter(entry)
    arrival = Arrival((letter,), _SOURCE, 1)
    try:
        turn = turn_of(arrival, ME, _nothing)
    except UpdateUnreadable:
        turn = unreadable_turn(arrival)
        must(turn is None or turn.place.chat_id > 0, "who is told is a person")
        return None
    _judge_envelope(letter.open())
    piece_of(letter)
    return turn


def _nothing() -> None:
    return None


def _judge_envelope(envelope: Envelope) -> None:
    opening, content = envelope.opening, envelope.content
    written = getattr(content, "text", None)
    text = written if written is not None else getattr(content, "caption", None) or ""
    must(opening.lead + opening.rest == text, "an opening loses no word")
    must((envelope.place is None) == (envelope.chat_id is None), "a place is where a chat is")
    if (command := envelope.command) is not None:
        for part in (command.name, command.argument, command.target):
            must_be_clean(part, "a command")


def _judge_turn(turn: Turn) -> None:
    place = turn.place
    for number in (place.chat_id, place.topic_id, place.replied_id, turn.migrated_to):
        must_fit(number, "a turn's place")
    for text in (turn.id, turn.user_id, turn.user_name, place.thread_key, turn.session_id, turn.left or ""):
        must_be_clean(text, "a turn's name")
    if turn.reactions is not None:
        _judge_reactions(turn.reactions)
    if turn.press is not None:
        _judge_press(turn.press)
    for incoming in turn.messages:
        _judge_message(incoming)


def _judge_reactions(reactions: Reactions) -> None:
    must_fit(reactions.telegram_message_id, "a reaction's message")
    for count in reactions.totals or ():
        must_fit(count.count, "a reaction's count")
        must_be_clean(count.emoji, "a reaction")
    for change in reactions.changes:
        for text in (change.emoji, change.custom_emoji_id, change.unknown_type):
            must_be_clean(text or "", "a reaction")


def _judge_press(press: Press) -> None:
    must_fit(press.telegram_message_id, "a press's message")
    must_be_clean(press.data, "a press's data")
    must_be_clean(press.query_id, "a press's id")
    must(len(press.data) <= 64, "a press's data is short")


def _judge_message(incoming: Incoming) -> None:
    must_fit(incoming.telegram_message_id, "a message's number")
    must_fit(incoming.edit_date, "a date")
    must(0 < len(incoming.kind) <= KIND_LENGTH, "a kind is short")
    for text in (incoming.kind, incoming.text, incoming.lead):
        must_be_clean(text, "a message's text")
    must(incoming.text.startswith(incoming.lead), "a lead is how a text begins")
    must_be_stored(incoming.attachment, "an attachment")
    for part in incoming.parts:
        must_be_clean(part.author_id, "an author")
        must_be_stored(part.content, "a part")
    for limit in _LIMITS:
        line = said(incoming, limit=limit)
        must(len(line.splitlines()) == 1, "what is said is one line")
        must(len(line) <= limit, "what is said is within its limit")
        told = json.loads(line)
        must(incoming.text.startswith(told["text"]), "what is said is how the text begins")
