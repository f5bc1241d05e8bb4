"""A model's answer as it arrives: what it may be is bounded."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bot.responders.model.answer import Garbled, ModelAnswer
from middleware.answering import LONGEST


def calling(arguments: str) -> SimpleNamespace:
    """A chunk that goes on with a call of a tool."""
    call = SimpleNamespace(index=0, id="c", function=SimpleNamespace(name="", arguments=arguments))
    delta = SimpleNamespace(content=None, refusal=None, tool_calls=[call])
    return SimpleNamespace(choices=[SimpleNamespace(finish_reason=None, delta=delta)], usage=None, model="m")


def test_a_call_whose_arguments_do_not_end_is_given_up() -> None:
    """Nobody sees it grow, so nobody could stop it."""
    answer = ModelAnswer()
    answer.take(calling("x" * LONGEST))
    with pytest.raises(Garbled):
        answer.take(calling("x"))
