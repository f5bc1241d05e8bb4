"""Polls that a bot sends and ends."""

from __future__ import annotations

from typing import Any

from ..errors import bad_request
from ..media import poll
from ..people import Json
from ..texts import kept, units
from .ask import Ask
from .captions import text_of
from .destinations import inline_keyboard
from .params import flag, integer, objects, text
from .sending import own_message

MOST_OPTIONS, QUESTION_UNITS, OPTION_UNITS = 12, 300, 100
FLAGS = ("is_closed", "allows_multiple_answers", "allows_revoting", "members_only")


def poll_content(ask: Ask) -> Json:
    """A question with its options, or a quiz. Errors: 400 for what is missing or too long."""
    question, entities = kept(*text_of(ask, ask.params, "question", "question_entities", "question_parse_mode"))
    _check(question, "question", QUESTION_UNITS)
    options = [_option(ask, option) for option in objects(ask.params, "options")]
    if not options:
        raise bad_request("poll must have at least 1 option")
    if len(options) > MOST_OPTIONS:
        raise bad_request(f"poll can't have more than {MOST_OPTIONS} options")
    more: Json = {name: flag(ask.params, name) for name in FLAGS}
    more["is_anonymous"] = "is_anonymous" not in ask.params or flag(ask.params, "is_anonymous")
    more |= {"question_entities": entities} if entities else {}
    more |= {name: integer(ask.params, name) for name in ("open_period", "close_date") if name in ask.params}
    return {"poll": poll(ask.state.next_query_id(), question, options, **more, **_kind(ask, len(options)))}


def _check(body: str, called: str, most: int) -> None:
    if not body:
        raise bad_request(f"poll {called} must be non-empty")
    if units(body) > most:
        raise bad_request(f"poll {called} length must not exceed {most}")


def _option(ask: Ask, given: Any) -> Json:
    option = given if isinstance(given, dict) else {"text": given}
    body, entities = kept(*text_of(ask, option, "text", "text_entities", "text_parse_mode"))
    _check(body, "options", OPTION_UNITS)
    return {"text": body, **({"text_entities": entities} if entities else {})}


def _kind(ask: Ask, options: int) -> Json:
    """The fields of a quiz; none of another poll."""
    kind = text(ask.params, "type") or "regular"
    if kind not in ("regular", "quiz"):
        raise bad_request("unsupported poll type specified")
    if kind == "regular":
        return {}
    right = objects(ask.params, "correct_option_ids") or [ask.params.get("correct_option_id")]
    if not all(isinstance(choice, int) and 0 <= choice < options for choice in right):
        raise bad_request("wrong correct option ID specified")
    quiz: Json = {"type": "quiz", "correct_option_id": right[0], "correct_option_ids": right}
    why, entities = kept(*text_of(ask, ask.params, "explanation", "explanation_entities", "explanation_parse_mode"))
    quiz |= {"explanation": why} if why else {}
    return quiz | ({"explanation_entities": entities} if entities else {})


def stop_poll(ask: Ask) -> Json:
    """The Poll object with all votes, closed; the bot is told of it as well. Errors: 400."""
    room, message_id = own_message(ask, "message with poll to stop not found")
    message = room.messages[message_id]
    if "poll" not in message:
        raise bad_request("message is not a poll")
    if message["poll"]["is_closed"]:
        raise bad_request("poll has already been closed")
    closed: Json = {**message["poll"], "is_closed": True}
    rest = {name: value for name, value in message.items() if name != "reply_markup"}
    buttons = inline_keyboard(ask.params)
    room.alter(message_id, lambda _: {**rest, "poll": closed, **buttons})
    ask.state.emit("poll", closed)
    return closed
