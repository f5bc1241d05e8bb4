"""What a model's endpoint offers, and a first answer, asked for as the bot asks."""

from __future__ import annotations

import asyncio

from bot.clock import system_clock
from bot.doctor import hearing
from bot.errors import BotError
from bot.responders.model.answer import ModelAnswer
from bot.responders.model.dialect import Dialect, Question
from bot.responders.model.endpoint import ModelEndpoint
from middleware.meter import UNMETERED
from middleware.responder import ResponderFailed

LIST_S, ANSWER_S = 20.0, 60.0
MAX_TOKENS = 2048
"""Enough for a model that thinks before it says hello."""
_HELLO = "Say hello to the person who has just connected you, in one short sentence."
_SHOWN = 200


class NoModel(BotError):
    """The endpoint does not do what was asked of it; the message says why."""


class _NothingKnown:
    """Of an endpoint that no bot has asked yet."""

    async def find(self, name: str) -> str | None:
        """Nothing."""
        return None


async def models_at(base_url: str, key: str) -> list[str] | None:
    """The names of the models that are offered there; None where there is no such list. Raises NoModel."""
    heard = await hearing.models(base_url, key, system_clock(), limit_s=LIST_S)
    if heard.status in hearing.NO_LIST:
        return None
    if (names := hearing.names_of_models(heard)) is None:
        raise NoModel("that is no list of models" if heard.status == 200 else heard.reason or str(heard.status))
    return sorted(names)


async def first_answer(base_url: str, key: str, model: str) -> str:
    """What the model says, on one line. Raises NoModel."""
    endpoint, answer = _endpoint(base_url, key, model), ModelAnswer()
    question = Question(messages=[{"role": "user", "content": _HELLO}])
    try:
        failure = await endpoint.ask(
            question, answer, lambda text: None, UNMETERED, deadline=asyncio.get_running_loop().time() + ANSWER_S
        )
    except ResponderFailed as error:
        failure = error
    finally:
        await endpoint.aclose()
    said = " ".join(answer.text.split())
    if not said:
        raise NoModel(failure.reason.removeprefix("provider ") if failure else "it said nothing")
    return said if len(said) <= _SHOWN else f"{said[: _SHOWN - 1]}…"


def _endpoint(base_url: str, key: str, model: str) -> ModelEndpoint:
    dialect = Dialect(model=model, max_tokens=MAX_TOKENS)
    return ModelEndpoint(
        base_url=base_url, api_key=key, dialect=dialect, properties=_NothingKnown(), clock=system_clock()
    )
