"""The responder `openai`: a language model at any endpoint that speaks the chat-completions interface."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from msgspec import structs

from bot.responders.model import failures
from bot.responders.model.answer import ModelAnswer
from bot.responders.model.context import POLICY_VERSION, ContextWindow, tokens
from bot.responders.model.dialect import ChatMessage, Dialect, Question
from bot.responders.model.endpoint import ModelEndpoint
from bot.responders.model.prices import CALLS, REPAIR_TOKENS, Prices, Usage
from bot.responders.model.tokens import PER_MESSAGE, count, encode
from bot.responders.model.tools import Bench, offered
from bot.settings import PRICE_SETTINGS, Settings
from middleware.replies.splitting import is_visible
from middleware.responder import Abilities, Propose, Remember, ResponderFailed, Response
from middleware.texts import say
from middleware.turn import Clock, Reply, Turn
from storage.tables.messages import Message
from storage.tables.model_calls import CallOutcome
from storage.tables.properties import Properties

log = logging.getLogger("polar.model")

HISTORY = 40
"""Earlier messages that it wants to know; the window may hold fewer."""
WINDOW = "POLAR_OPENAI_CONTEXT_TOKENS"
SPARE_S = 1.0
"""The seconds before the time limit at which what has arrived is answered, so that not all of it is given up."""


@dataclass(frozen=True, slots=True)
class PricedModel:
    """A model: where it is asked, what it refuses there, and what it costs."""

    endpoint: ModelEndpoint
    prices: Prices


class Models:
    """The model of the settings and those that experiments try; each is made when it is first asked, and kept."""

    def __init__(self, settings: Settings, properties: Properties, clock: Clock) -> None:
        self._settings, self._properties, self._clock = settings, properties, clock
        self._known: dict[str, PricedModel] = {}
        self.own = self.of("")

    def of(self, model: str) -> PricedModel:
        """The model of this name; that of the settings for none."""
        name = model or self._settings.openai_model
        if name not in self._known:
            self._known[name] = PricedModel(self._endpoint(name), Prices.of(self._settings, name))
        return self._known[name]

    async def aclose(self) -> None:
        """Close the connections of all."""
        for asked in self._known.values():
            await asked.endpoint.aclose()

    def _endpoint(self, model: str) -> ModelEndpoint:
        settings = self._settings
        return ModelEndpoint(
            base_url=settings.openai_base_url,
            api_key=settings.openai_api_key.get_secret_value(),
            dialect=Dialect(model=model, max_tokens=settings.openai_max_output_tokens),
            properties=self._properties,
            clock=self._clock,
        )


class OpenAI:
    """Answers with a model's words; what a call costs is noted on the turn, whatever becomes of it."""

    def __init__(
        self, settings: Settings, propose: Propose, remember: Remember, properties: Properties, clock: Clock
    ) -> None:
        self._models = Models(settings, properties, clock)
        self._window = ContextWindow(settings.openai_context_tokens)
        self._max_tokens = settings.openai_max_output_tokens
        limit_s = settings.responder_timeout_seconds
        self._limit_s = limit_s - min(SPARE_S, limit_s / 2)
        self._propose, self._remember = propose, remember
        self.abilities = Abilities(
            history=HISTORY,
            estimate_usd=self.estimate_usd,
            model=settings.openai_model,
            takes_model=True,
            price_settings=PRICE_SETTINGS,
            aclose=self._models.aclose,
        )
        log.info("the model is %s; %s", settings.openai_model, self._models.own.prices.describe(at_ms=clock()))

    def estimate_usd(self, turn: Turn) -> float | None:
        """US dollars that each call for this turn costs at most, as far as that can be told; None without prices."""
        now = datetime.fromtimestamp(turn.received_at_ms / 1000, UTC)
        question = self._question(turn, now, turn.context.history)
        return self._models.of(turn.context.model).prices.estimate(
            input_tokens=_size(question), output_tokens=self._max_tokens, at_ms=turn.received_at_ms
        )

    async def respond(self, turn: Turn) -> Response:
        """The answer as Markdown, and behind it what its calls of tools come to. Raises ResponderFailed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limit_s
        now = await self._propose.now_of(turn)
        said, bench = "", Bench(turn, self._propose, self._remember)
        exchange: tuple[ChatMessage, ...] = ()
        for calls_left in reversed(range(CALLS)):
            question, answer, failure = await self._call(turn, now, exchange, said, deadline)
            if failure is not None and not answer.text.strip() and calls_left and loop.time() < deadline:
                continue
            said = _beside(said, answer.text)
            if not (answer.calls and question.tools) or failure is not None:
                return _answer(turn, said, answer, failure, *bench.replies)
            exchange = await bench.work(answer.calls)
            is_last = not calls_left or tokens(exchange) > REPAIR_TOKENS
            if is_last or bench.is_done or (is_visible(said) and not bench.unusable):
                return _answer(turn, said, answer, None, *bench.replies, *bench.unusable)
        raise AssertionError("the last call returns or raises")

    async def _call(
        self, turn: Turn, now: datetime, exchange: tuple[ChatMessage, ...], said: str, deadline: float
    ) -> tuple[Question, ModelAnswer, ResponderFailed | None]:
        """With less history where the model cannot take in all of it."""
        too_long = None
        for question in self._questions(turn, now):
            asked = replace(question, exchange=exchange)
            if too_long is not None:
                name = self._models.of(turn.context.model).endpoint.name
                log.info("%s: asked again with less history; a lower %s spares that", name, WINDOW)
            try:
                return asked, *await self._ask(asked, turn, said, deadline)
            except failures.TooLong as error:
                too_long = error.failure
        assert too_long is not None
        raise too_long

    async def _ask(
        self, question: Question, turn: Turn, said: str, deadline: float
    ) -> tuple[ModelAnswer, ResponderFailed | None]:
        asked = self._models.of(turn.context.model)
        endpoint, prices = asked.endpoint, asked.prices
        answer = ModelAnswer(offered=tuple(tool["function"]["name"] for tool in question.tools))
        turn.origin = replace(turn.origin, policy=POLICY_VERSION, history=question.history)

        def show(text: str) -> None:
            turn.show(_beside(said, text))

        outcome: CallOutcome = "failed"
        try:
            failure = await endpoint.ask(question, answer, show, turn.meter, deadline=deadline)
            outcome = failures.outcome_of(failure)
        except ResponderFailed as error:
            outcome = failures.outcome_of(error)
            raise
        finally:
            usage = _usage(question, answer)
            turn.spent_usd += prices.cost(usage, at_ms=turn.received_at_ms)
            turn.meter.end(outcome, input_tokens=usage.input, output_tokens=usage.output)
            if answer.model:
                turn.origin = replace(turn.origin, model=answer.model)
            if endpoint.refusals.is_new:
                turn.bear_witness(lambda error: (endpoint.refusals.keep(),))
        if answer.refused or answer.finish == "content_filter":
            log.warning("%s: the model, or a filter, declined", endpoint.name)
            raise failures.refused()
        return answer, failure

    def _questions(self, turn: Turn, now: datetime) -> Iterator[Question]:
        """With all of the history that there is room for, then with half of that, then with none."""
        history = turn.context.history
        yield (whole := self._question(turn, now, history))
        bare = self._question(turn, now, ())
        most = (_size(whole) + _size(bare)) // 2
        fewer = (self._question(turn, now, history[left_out:]) for left_out in range(1, len(history)))
        half = next((question for question in fewer if _size(question) <= most), bare)
        if _size(bare) < _size(half):
            yield half
        if _size(bare) < _size(whole):
            yield bare

    def _question(self, turn: Turn, now: datetime, history: Sequence[Message]) -> Question:
        seen = turn
        if history is not turn.context.history:
            seen = structs.replace(turn, context=structs.replace(turn.context, history=tuple(history)))
        messages, shown = self._window.messages(seen, now=now)
        return Question(messages=messages, history=shown, tools=offered(turn, self._remember))


def _answer(
    turn: Turn, said: str, answer: ModelAnswer, failure: ResponderFailed | None, *ours: Reply
) -> tuple[Reply, ...]:
    """The text that arrived, and what we say behind it; of what is not the whole, why it ends.

    Raises ResponderFailed for nothing, and where all that came is a call of a tool, and what was to follow it did not.
    """
    if failure is not None and not is_visible(said):
        raise failure
    replies = (*_said(said), *ours)
    if not replies:
        raise _nothing(answer)
    if failure is not None:
        turn.origin = replace(turn.origin, ended="cut")
    elif answer.finish == "length":
        turn.origin = replace(turn.origin, ended="length")
    return replies


def _said(said: str) -> tuple[Reply, ...]:
    return (Reply(text=said, markdown=True, rateable=True),) if is_visible(said) else ()


def _nothing(answer: ModelAnswer) -> ResponderFailed:
    """Why a whole answer says nothing: models that think may use up their tokens by that."""
    if answer.finish == "length":
        return failures.spent()
    return ResponderFailed("provider answered nothing", say("model.empty"))


def _beside(said: str, text: str) -> str:
    """Both texts, as paragraphs."""
    return f"{said.strip()}\n\n{text}" if said.strip() and text.strip() else said + text


def _size(question: Question) -> int:
    """Tokens that are sent."""
    offered = sum(count(encode(tool)) + PER_MESSAGE for tool in question.tools)
    return tokens([*question.messages, *question.exchange]) + offered


def _usage(question: Question, answer: ModelAnswer) -> Usage:
    """The usage that the endpoint tells, else the estimate of what was sent and what arrived.

    One that was told on the way may have grown since.
    """
    if not answer.was_sent:
        return answer.usage or Usage()
    if answer.usage is None:
        return Usage(input=_size(question), output=answer.arrived_tokens)
    made = answer.usage.output if answer.finish is not None else max(answer.usage.output, answer.arrived_tokens)
    return replace(answer.usage, output=made)
