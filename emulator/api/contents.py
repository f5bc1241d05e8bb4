"""Methods that send something other than text, as a table of what each of them takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import bad_request
from ..people import Json
from .ask import Ask
from .attachments import file_of
from .captions import caption_of
from .destinations import inline_keyboard, reply_of, room_of, thread_of
from .params import integer, text

Content = Callable[[Ask], Json]


@dataclass(frozen=True, slots=True)
class Medium:
    """A kind of file: what a call may say of it in numbers and in words, and whether it has a caption."""

    kind: str
    numbers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    captioned: bool = True

    def __call__(self, ask: Ask) -> Json:
        """The content of a message. Errors: 400, 413."""
        content = self.content(ask, ask.params, self.kind)
        if content is None:
            raise bad_request(f"there is no {self.kind} in the request")
        return content

    def content(self, ask: Ask, given: Json, field: str) -> Json | None:
        """The file that `given`, a call or a part of one, has in this field, with its caption; None for no file."""
        about: Json = {name: integer(given, name) for name in self.numbers}
        about |= {name: text(given, name) for name in self.words if name in given}
        caption = caption_of(ask, given) if self.captioned else {}
        file = file_of(ask, self.kind, given.get(field), about)
        return None if file is None else {**file, **caption}


MEDIA = {
    "sendPhoto": Medium("photo"),
    "sendDocument": Medium("document"),
    "sendAudio": Medium("audio", ("duration",), ("performer", "title")),
    "sendVideo": Medium("video", ("width", "height", "duration")),
    "sendAnimation": Medium("animation", ("width", "height", "duration")),
    "sendVoice": Medium("voice", ("duration",)),
    "sendVideoNote": Medium("video_note", ("length", "duration"), captioned=False),
    "sendSticker": Medium("sticker", (), ("emoji",), captioned=False),
}
# The faces of each die.
FACES = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}


def location(ask: Ask) -> Json:
    """Errors: 400 without both coordinates."""
    latitude, longitude = _coordinate(ask, "latitude", 90), _coordinate(ask, "longitude", 180)
    return {"location": {"latitude": latitude, "longitude": longitude}}


def _coordinate(ask: Ask, name: str, most: int) -> float:
    given = ask.params.get(name)
    if given in (None, ""):
        raise bad_request(f"{name} is empty")
    if isinstance(given, bool) or not isinstance(given, (int, float)) or abs(given) > most:
        raise bad_request("invalid location specified")
    return float(given)


def venue(ask: Ask) -> Json:
    """A place with a name, which is a location too. Errors: 400 for what is missing."""
    place = location(ask)
    return {"venue": {**place, **_words(ask, ("title", "address"), ("foursquare_id", "google_place_id"))}, **place}


def contact(ask: Ask) -> Json:
    """Errors: 400 for what is missing."""
    return {"contact": _words(ask, ("phone_number", "first_name"), ("last_name", "vcard"))}


def _words(ask: Ask, needed: tuple[str, ...], more: tuple[str, ...]) -> Json:
    for name in needed:
        if not text(ask.params, name):
            raise bad_request(f'parameter "{name}" is required')
    return {name: text(ask.params, name) for name in (*needed, *more) if ask.params.get(name)}


def dice(ask: Ask) -> Json:
    """A throw, which falls otherwise with each call. Errors: 400 for an emoji that is not thrown."""
    emoji = (text(ask.params, "emoji") or "🎲").replace("\ufe0f", "")
    if emoji not in FACES:
        raise bad_request("EMOTICON_INVALID")
    return {"dice": {"emoji": emoji, "value": len(ask.state.calls) % FACES[emoji] + 1}}


def sends(content: Content) -> Content:
    """The method that sends what `content` makes of a call. Errors: as sendMessage, and those of `content`."""

    def send(ask: Ask) -> Json:
        room = room_of(ask)
        fields = {**content(ask), **inline_keyboard(ask.params)}
        reply_to = reply_of(ask, room)
        return ask.state.post(ask.bot, room, fields, thread_of(ask, room, reply_to), reply_to)

    return send


CONTENTS: dict[str, Content] = {
    **MEDIA,
    "sendLocation": location,
    "sendVenue": venue,
    "sendContact": contact,
    "sendDice": dice,
}
