"""Acting as people over HTTP, for a process that is not this one.

`POST /control/<action>` takes a JSON object and answers with a JSON result; chats and people are named by id.
`GET /control/wait?calls=N&timeout=S` answers `{"calls": n}` as soon as n >= N calls other than getUpdates were made,
and 408 with the same when S seconds (10 unless told) are over. What is wrong with a request is said in a 400,
`{"error": "..."}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .people import Chat, Json, Person
from .world import World

NUMBER = (int, "a number")
LIST = (list, "a list")
# What fields hold that do not hold a text.
TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "chat": NUMBER,
    "person": NUMBER,
    "id": NUMBER,
    "message_id": NUMBER,
    "source": NUMBER,
    "topic": NUMBER,
    "reply_to": NUMBER,
    "times": NUMBER,
    "retry_after": NUMBER,
    "seconds": ((int, float), "a number"),
    "members": LIST,
    "admins": LIST,
    "kinds": LIST,
    "reactions": LIST,
    "options": LIST,
    "forum": (bool, "true or false"),
    "basic": (bool, "true or false"),
    "hidden": (bool, "true or false"),
    "address": (bool, "true or false"),
    "update": (object, "any JSON"),
}
Act = Callable[["Control", Json], Any]


@dataclass(frozen=True, slots=True)
class Action:
    """An action: the fields it needs, those it may take, and what it does."""

    needs: tuple[str, ...]
    takes: tuple[str, ...]
    act: Act

    def check(self, name: str, given: Json) -> None:
        """Errors: ValueError that says what was expected."""
        fields = set(given)
        if not set(self.needs) <= fields <= {*self.needs, *self.takes}:
            expected = f"{name} expects {_listed(self.needs)} and may take {_listed(self.takes)}"
            raise ValueError(f"{expected}; got {_listed(sorted(fields))}")
        for field, value in given.items():
            kind, called = TYPES.get(field, (str, "a text"))
            if not isinstance(value, kind) and not (value is None and field in self.takes):
                raise ValueError(f"{name} expects {field} to be {called}")


class Control:
    """The actions on one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        """The routes of the control API."""
        return [
            Route("/control/wait", self._wait, methods=["GET"]),
            Route("/control/{action}", self._act, methods=["POST"]),
        ]

    async def _act(self, request: Request) -> Response:
        name = request.path_params["action"]
        try:
            return _answer(self.perform(name, _object(await request.body())))
        except (ValueError, LookupError, TypeError) as error:
            return _answer({"error": str(error)}, 400)

    def perform(self, name: str, given: Json) -> Any:
        """Do one action. Errors: ValueError, LookupError or TypeError, with what was expected."""
        if name not in ACTIONS:
            raise ValueError(f"there is no action {name}; there are {_listed(sorted(ACTIONS))}")
        action = ACTIONS[name]
        action.check(name, given)
        return action.act(self, given)

    async def _wait(self, request: Request) -> Response:
        try:
            wanted = int(request.query_params["calls"])
            seconds = float(request.query_params.get("timeout", "10"))
        except (KeyError, ValueError):
            return _answer({"error": "wait expects calls=N and may take timeout=SECONDS"}, 400)
        try:
            await self.world.wait(lambda: self._made() >= wanted, seconds)
        except TimeoutError:
            return _answer({"calls": self._made()}, 408)
        return _answer({"calls": self._made()})

    def _made(self) -> int:
        return sum(call.method != "getUpdates" for call in self.world.calls)

    def person_of(self, given: Json) -> Person:
        """The person that `person` names. Errors: LookupError."""
        number = given["person"]
        if number not in self.world.people:
            raise LookupError(f"there is no person {number}")
        return self.world.people[number]

    def chat_of(self, number: Any) -> Chat:
        """The chat of an id; a person's id opens the private chat. Errors: LookupError."""
        if number in self.world.people:
            return self.world.private(self.world.people[number])
        return self.world.room(number).chat

    # Actions of more than one line

    def album(self, given: Json) -> list[int]:
        """Several messages that are shown as one."""
        rest = {key: value for key, value in given.items() if key not in ("chat", "person")}
        return self.world.album(self.chat_of(given["chat"]), self.person_of(given), **rest)

    def make_person(self, given: Json) -> Json:
        """A person and the private chat, which has the same id."""
        person = self.world.person(given["first_name"], given.get("username"), id=given.get("id"))
        self.world.private(person)
        return person.json()

    def make_group(self, given: Json) -> Json:
        """A group of the people whose ids are in `members`."""
        options = {key: given[key] for key in ("forum", "basic", "id") if key in given}
        return self.world.group(given["title"], self._people(given, "members"), **options).json()

    def make_channel(self, given: Json) -> Json:
        """A channel that `members` follow and `admins` post in."""
        members, admins = self._people(given, "members"), self._people(given, "admins")
        return self.world.channel(given["title"], members=members, admins=admins).json()

    def _people(self, given: Json, field: str) -> list[Person]:
        return [self.person_of({"person": number}) for number in given.get(field) or []]

    def react(self, given: Json) -> None:
        """`reactions` is the new full list."""
        chat, person = self.chat_of(given["chat"]), self.person_of(given)
        self.world.react(chat, person, given["message_id"], *given["reactions"])

    def vote(self, given: Json) -> None:
        """`options` are the places of all that is chosen, counted from 0."""
        chat, person = self.chat_of(given["chat"]), self.person_of(given)
        self.world.vote(chat, person, given["message_id"], *given["options"])

    def order_fault(self, given: Json) -> None:
        """An order of failure."""
        self.world.fault(**given)

    def add_bot(self, given: Json) -> Json:
        """Another account; `address` lets people talk to it from now on."""
        bot = self.world.add_bot(given["token"], given["username"])
        if given.get("address"):
            self.world.address(bot.token)
        return bot.json()


def _written(act: Callable[[World, Chat, Person, Json], int]) -> Act:
    """An action that makes a message of a person and answers with its id."""

    def perform(control: Control, given: Json) -> Json:
        rest = {key: value for key, value in given.items() if key not in ("chat", "person")}
        return {"message_id": act(control.world, control.chat_of(given["chat"]), control.person_of(given), rest)}

    return perform


ACTIONS: dict[str, Action] = {
    "person": Action(("first_name",), ("username", "id"), Control.make_person),
    "group": Action(("title",), ("members", "forum", "basic", "id"), Control.make_group),
    "channel": Action(("title",), ("members", "admins"), Control.make_channel),
    "topic": Action(
        ("chat", "name"),
        (),
        lambda control, given: {"message_thread_id": control.world.topic(given["chat"], given["name"])},
    ),
    "say": Action(
        ("chat", "person", "text"),
        ("topic", "reply_to", "quote"),
        _written(lambda world, chat, person, rest: world.say(chat, person, **rest)),
    ),
    "send": Action(
        ("chat", "person", "kind"),
        ("caption", "topic", "reply_to", "media_group_id"),
        _written(lambda world, chat, person, rest: world.send(chat, person, **rest)),
    ),
    "album": Action(
        ("chat", "person", "kinds"),
        ("caption", "topic", "reply_to"),
        lambda control, given: {"message_ids": control.album(given)},
    ),
    "forward": Action(
        ("chat", "person", "source", "message_id"),
        ("topic", "hidden"),
        _written(lambda world, chat, person, rest: world.forward(chat, person, **rest)),
    ),
    "edit": Action(
        ("chat", "message_id", "text"),
        (),
        lambda control, given: control.world.edit(given["chat"], given["message_id"], given["text"]),
    ),
    "react": Action(("chat", "person", "message_id", "reactions"), (), Control.react),
    "vote": Action(("chat", "person", "message_id", "options"), (), Control.vote),
    "press": Action(
        ("chat", "person", "message_id", "data"),
        (),
        lambda control, given: {
            "callback_query_id": control.world.press(
                given["chat"], control.person_of(given), given["message_id"], given["data"]
            )
        },
    ),
    "fault": Action(("method", "kind"), ("times", "chat", "retry_after", "seconds"), Control.order_fault),
    "clear_faults": Action((), (), lambda control, given: control.world.clear_faults()),
    "push": Action(("update",), (), lambda control, given: {"update_id": control.world.push(given["update"])}),
    "sent": Action((), ("chat",), lambda control, given: control.world.sent(given.get("chat"))),
    "message": Action(
        ("chat", "message_id"),
        (),
        lambda control, given: control.world.message(given["chat"], given["message_id"]),
    ),
    "calls": Action((), (), lambda control, given: [asdict(call) for call in control.world.calls]),
    "add_bot": Action(("token", "username"), ("address",), Control.add_bot),
    "updates_pending": Action((), (), lambda control, given: control.world.updates_pending()),
}


def _object(body: bytes) -> Json:
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        raise ValueError("the body is not JSON") from None
    if not isinstance(given, dict):
        raise ValueError("the body is not a JSON object")
    return given


def _answer(result: Any, status: int = 200) -> Response:
    return Response(json.dumps(result), status, media_type="application/json")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
