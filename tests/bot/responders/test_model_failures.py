"""Whatever goes wrong with the model, the person hears an honest sentence, and the bot goes on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.responders.model import endpoint
from bot.responders.model.failures import TRIES
from emulator.model import Answer, ModelServer
from emulator.model.answers import BEFORE_HEADERS
from middleware.texts import say
from tests.clocks import TestClock
from tests.house import House, until
from tests.killing import end, finished, kill, start, start_asking
from tests.looking import awake, idle, tell, texts
from tests.model import PRICED, WATCHED, ask, reasons, talking, to_model, watch

pytestmark = pytest.mark.usefixtures("hasty")

PERSONS = "words of a person"


@pytest.fixture(autouse=True)
def unwatched() -> None:
    """Forget what other tests saw."""
    watch.turns.clear()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
async def test_a_refusal_is_told_by_its_kind_and_without_the_endpoints_words(
    house: House, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The audit and the log have the status; what the endpoint repeats of the person is nowhere."""
    key = {400: "rejected", 401: "key", 403: "key", 404: "unknown", 429: "busy", 500: "failing", 503: "failing"}
    async with talking(house, **PRICED, **WATCHED) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(status=status, message=f"cannot do {PERSONS}", code=PERSONS)
        assert await tell(house, chat, ann, PERSONS) == [say(f"model.{key[status]}")]
        assert len(model.exchanges) == (TRIES if status in (429, 500, 503) else 1)
        model.otherwise = None
        assert await tell(house, chat, ann, "hello") != []
    assert reasons(house) == [("failed", f"provider {status}"), ("answered", None)]
    assert watch.turns[0].spent_usd == 0
    assert PERSONS not in caplog.text


@pytest.mark.parametrize("status", [429, 500])
async def test_a_refusal_that_passes_is_not_seen_by_the_person(house: House, status: int) -> None:
    """The request is repeated before anything was said."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(status=status, retry_after="0"), Answer(text="here I am"))
        assert await tell(house, chat, ann, "hello") == ["here I am"]


async def test_a_wait_beyond_the_time_limit_is_not_waited_for(house: House) -> None:
    """The person is told at once instead."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(status=429, retry_after="3600"))
        assert await tell(house, chat, ann, "hello") == [say("model.busy")]
        assert len(model.exchanges) == 1


async def test_a_used_up_account_is_not_asked_again(house: House) -> None:
    """A 429 that does not pass."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(status=429, code="insufficient_quota"))
        assert await tell(house, chat, ann, "hello") == [say("model.credit")]
        assert len(model.exchanges) == 1


async def test_nobody_at_home_is_told(house: House) -> None:
    """Nothing listens there; when it does again, all is well."""
    async with ModelServer() as server, house.bot(**to_model(server, **PRICED, **WATCHED)):
        ann, chat = house.chat()
        await server.stop_listening()
        assert await tell(house, chat, ann, "hello") == [say("model.unreachable")]
        await server.listen_again()
        server.model.say("back again")
        assert await tell(house, chat, ann, "hello") == ["back again"]
    assert reasons(house) == [("failed", "provider unreachable"), ("answered", None)]
    assert watch.turns[0].spent_usd == 0


async def test_a_model_that_never_begins_is_given_up(house: House) -> None:
    """In time, with a sentence; what was sent may have to be paid."""
    async with talking(house, responder_timeout_seconds=2, **PRICED, **WATCHED) as model:
        ann, chat = house.chat()
        model.order(Answer(text="never", hold_after=BEFORE_HEADERS))
        assert await tell(house, chat, ann, "hello") == [say("model.slow")]
        await model.wait(lambda: model.exchanges[0].ended == "abandoned")
        assert len(model.exchanges) == 1
    assert reasons(house) == [("failed", "provider timed out")]
    assert watch.turns[0].spent_usd > 0


@pytest.mark.parametrize("stall_s", [0.2, 30])
async def test_an_answer_that_stops_in_the_middle_is_told_as_far_as_it_came(
    house: House, stall_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a pause that is too long, or at the end of the time limit."""
    monkeypatch.setattr(endpoint, "STALL_S", stall_s)
    async with talking(house, responder_timeout_seconds=20 if stall_s < 1 else 2) as model:
        ann, chat = house.chat()
        model.say("one two three", hold_after=2)
        assert await tell(house, chat, ann, "count") == ["one two", say("model.cut")]
    assert reasons(house) == [("answered", "cut")]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(text="one two three", cut_after=2),
        Answer(text="one two", finish=None),
        Answer(
            raw='data: {"choices":[{"index":0,"delta":{"content":"one two"}}]}\n\ndata: {"error":{"message":"x"}}\n\n'
        ),
        Answer(raw='data: {"choices":[{"index":0,"delta":{"content":"one two"}}]}\n\ndata: nonsense\n\n'),
    ],
    ids=["aborted", "ended", "error", "nonsense"],
)
async def test_a_stream_that_is_cut_is_told_as_far_as_it_came(house: House, answer: Answer) -> None:
    """With a message that says so."""
    async with talking(house, **PRICED, **WATCHED) as model:
        ann, chat = house.chat()
        model.order(answer)
        assert await tell(house, chat, ann, "count") == ["one two", say("model.cut")]
        assert len(model.exchanges) == 1
    assert reasons(house) == [("answered", "cut")]
    assert watch.turns[0].spent_usd > 0


async def test_a_stream_that_is_cut_before_it_says_anything_is_asked_again_once(house: House) -> None:
    """Then it has failed."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(text="lost", cut_after=0), Answer(text="found"))
        assert await tell(house, chat, ann, "hello") == ["found"]
        model.order(Answer(text="lost", cut_after=0), Answer(text="lost", cut_after=0))
        assert await tell(house, chat, ann, "hello") == [say("model.unreachable")]
        assert len(model.exchanges) == 4
    assert reasons(house)[-1][0] == "failed"


@pytest.mark.parametrize(
    ("body", "content_type", "key"),
    [
        ("<html>Welcome to the hotel</html>", "text/html", "page"),
        ('{"hello": "world"}', "application/json", "garbage"),
        ('{"error": "out of memory"}', "application/json", "no_answer"),
        ("data: not json\n\n", "text/event-stream", "garbage"),
        ('data: {"hello": "world"}\n\n', "text/event-stream", "garbage"),
        ("data: [1, 2]\n\n", "text/event-stream", "garbage"),
        ('data: {"choices": [{"index": 0, "delta": {"content": {"text": 1}}}]}\n\n', "text/event-stream", "broken"),
        ('data: {"choices": 5}\n\n', "text/event-stream", "broken"),
        ("", "text/event-stream", "garbage"),
        ("", "application/json", "garbage"),
        ("\x00\x01\x02", "application/octet-stream", "garbage"),
    ],
)
async def test_garbage_is_told(house: House, body: str, content_type: str, key: str) -> None:
    """Whatever comes back: an honest sentence, and the next question is answered."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(raw=body, content_type=content_type)
        assert await tell(house, chat, ann, "hello") == [say(f"model.{key}")]
        model.otherwise = None
        model.say("well")
        assert await tell(house, chat, ann, "hello") == ["well"]
    assert [outcome for outcome, _ in reasons(house)] == ["failed", "answered"]


@pytest.mark.parametrize("answer", [Answer(refusal="I will not"), Answer(text="I", finish="content_filter")])
async def test_a_refusal_of_the_model_is_told(house: House, answer: Answer) -> None:
    """Whether it says so itself, or a filter does."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(answer)
        assert await tell(house, chat, ann, "hello") == [say("model.refused")]
    assert reasons(house) == [("failed", "provider refused")]


async def test_an_answer_that_became_too_long_says_so(house: House) -> None:
    """In a message of its own: a code block that was open does not swallow it."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.say("Look:\n```python\nprint(1)", finish="length")
        [text, note] = await tell(house, chat, ann, "code")
        assert note == say("answer.length")
        [code] = [e for e in house.world.sent(chat)[-2]["entities"] if e["type"] == "pre"]
        assert "print(1)" in text[code["offset"] : code["offset"] + code["length"]]
    assert reasons(house) == [("answered", "length")]


@pytest.mark.parametrize("words", ["", "  \n ", "\u202e", "\u200b\n\u2800"])
async def test_an_empty_answer_is_told(house: House, words: str) -> None:
    """Nobody is left without a word; what cannot be seen is none."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(pieces=(words,)))
        assert await tell(house, chat, ann, "hello") == [say("model.empty")]
    assert reasons(house) == [("failed", "provider answered nothing")]


async def test_text_that_nothing_could_hold_is_cleaned(house: House) -> None:
    """NULs and lone surrogates, in the answer and in the model's name."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.name = "evil\ud800\x00"
        model.say("a\x00b\udfffc")
        assert await tell(house, chat, ann, "hello") == ["ab\ufffdc"]


async def test_a_run_that_meets_a_failing_model_is_tried_again(house: House) -> None:
    """Nobody is there to ask again; in the end the ledger tells, and the person is not bothered each time."""
    clock = TestClock()
    async with ModelServer() as server, house.bot(clock, **to_model(server)) as bot:
        ann, chat = house.chat()
        await tell(house, chat, ann, "/automations create in 20 minutes | greet me")
        before = len(texts(house, chat))
        server.model.order(Answer(status=401), Answer(text="better late"))
        clock.advance(seconds=21 * 60)
        bot.app.runner.wake()
        await until(lambda: house.rows("SELECT status FROM polar_scheduler_run_log") == [("failed",)])
        clock.advance(seconds=200)
        bot.app.runner.wake()
        await house.world.wait(lambda: len(texts(house, chat)) > before)
    assert texts(house, chat)[before:] == ["better late"]


async def test_at_shutdown_the_call_ends_and_the_next_process_answers(house: House) -> None:
    """The endpoint sees the connection close; nothing is lost, nothing said twice."""
    async with ModelServer() as server:
        async with house.bot(**to_model(server, shutdown_seconds=0, **PRICED, **WATCHED)):
            await awake(house)
            ann, chat = house.chat()
            server.model.say("one two three", hold_after=1)
            await ask(house, chat, ann, server.model, "count")
            await server.model.wait(lambda: server.model.exchanges[0].pieces == 1)
        assert server.model.exchanges[0].ended == "abandoned"
        assert watch.turns[0].spent_usd > 0
        assert texts(house, chat) == []
        server.model.say("one two three")
        async with house.bot(**to_model(server)):
            await house.world.wait(lambda: len(house.world.sent(chat)) == 1)
            await idle(house)
    assert texts(house, chat) == ["one two three"]


@pytest.mark.slow
async def test_killed_in_the_middle_of_a_call_the_next_process_answers_once(house: House) -> None:
    """SIGKILL while the model is writing."""
    async with ModelServer() as server:
        settings: dict[str, Any] = to_model(server)
        process = await start_asking(house, **settings)
        ann, chat = house.chat()
        server.model.say("one two three", hold_after=1)
        await ask(house, chat, ann, server.model, "count")
        await server.model.wait(lambda: server.model.exchanges[0].pieces == 1)
        await kill(process)
        assert house.rows("SELECT status FROM polar_updates") == [("pending",)]
        server.model.say("one two three")
        process = await start(house, **settings)
        await house.world.wait(lambda: len(house.world.sent(chat)) == 1, timeout=30)
        await finished(house)
        assert await end(process) == 0
    assert texts(house, chat) == ["one two three"]
    log = (house.folder / "bot.log").read_text(encoding="utf-8")
    assert "its prices are not known" in log
    assert settings["openai_api_key"] not in log
    assert "chat/completions" not in log


async def test_many_calls_at_once_end_each_with_its_own(house: House) -> None:
    """Forty chats, half of whose calls fail."""
    async with talking(house) as model:
        people = [house.chat(f"P{n}") for n in range(40)]
        model.otherwise = Answer(text="ok", hold_after=0)
        for person, chat in people:
            house.world.say(chat, person, f"I am {person.first_name}")
        await model.wait(lambda: len(model.exchanges) == len(people))
        model.otherwise = None
        await asyncio.sleep(0)
        model.release()
        await idle(house, updates=len(people))
    for _, chat in people:
        assert texts(house, chat) == ["ok"]
    asked = [json.loads(e.messages[-1]["content"])["text"] for e in model.exchanges]
    assert sorted(asked) == sorted(f"I am {person.first_name}" for person, _ in people)


async def test_a_page_without_end_is_told_when_enough_of_it_is_there(house: House) -> None:
    """Nobody waits for the rest of it."""
    async with talking(house) as model:
        ann, chat = house.chat()
        page = ("<html><title>Hotel</title>" + "x" * 70_000, "never sent")
        model.order(Answer(raw=page, content_type="text/html", hold_after=1))
        assert await tell(house, chat, ann, "hello") == [say("model.page")]
