"""What an endpoint refuses is left out at once, and remembered for a day; what is told and logged is true."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.responders.model import failures
from bot.responders.model.context import POLICY
from emulator.model import (
    Answer,
    Exchange,
    Model,
    ModelServer,
    Rule,
    does_not_alternate,
    has,
    longer_than,
    speaks_as,
)
from middleware.texts import say
from storage.tables.properties import Properties
from tests.clocks import TestClock
from tests.house import House
from tests.looking import awake, tell
from tests.model import KEY, PRICED, WATCHED, reasons, said, talk, talking, to_model, watch

DAY_S = 86_400
REMINDER = {"schedule": "in 20 minutes", "prompt": "stand up"}
AUTO = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
EXTRA = {"detail": [{"type": "extra_forbidden", "loc": ["body", "{}"], "msg": "Extra inputs are not permitted"}]}


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what other tests saw, and repeat without a pause what is repeated."""
    watch.turns.clear()
    monkeypatch.setattr(failures, "BACKOFF_S", 0.001)


def refuse(model: Model, breaks: Callable[[dict[str, Any]], bool], status: int = 400, **answer: Any) -> None:
    """Have the model refuse requests."""
    model.rules.append(Rule(breaks, Answer(status=status, **answer)))


def extra(field: str) -> str:
    """The body with which a strict server refuses a field."""
    return json.dumps(EXTRA).replace("{}", field)


@pytest.mark.parametrize(
    ("status", "refusal", "logged"),
    [
        (400, {"message": AUTO}, "status 400 with JSON: "),
        (404, {"message": "No endpoints found that support tool use."}, "support tool use"),
        (400, {"message": "No.", "param": "tools"}, "status 400"),
        (422, {"raw": extra("tools"), "content_type": "application/json"}, "body tools Extra inputs are not permitted"),
        (500, {"message": "tools param requires --jinja flag"}, "status 500 with JSON: tools param requires --jinja"),
        (
            400,
            {"raw": "this model cannot use tools", "content_type": "text/plain"},
            "text: this model cannot use tools",
        ),
        (200, {"raw": '{"error": "tools: not supported"}', "content_type": "application/json"}, "status 200 with JSON"),
        (200, {"raw": 'data: {"error": {"code": 400, "message": "tools: not supported"}}\n\n'}, "status 400 with JSON"),
    ],
)
async def test_tools_that_are_refused_are_left_out(
    house: House, status: int, refusal: dict[str, Any], logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    """However the endpoint says so: the same turn is answered, after one more request, and the log says why."""
    caplog.set_level(logging.INFO, "polar.model")
    async with talking(house, **PRICED, **WATCHED) as model:
        ann, chat = house.chat()
        refuse(model, has("tools"), status, **refusal)
        model.say("fine", "again", usage=(10, 2))
        assert await tell(house, chat, ann, "hello") == ["fine"]
        assert await tell(house, chat, ann, "and now") == ["again"]
        assert len(model.wrong) == 1
        assert "tools" not in model.exchanges[0].request
        assert "propose" not in json.dumps(model.exchanges[0].request)
    [line] = [line for line in caplog.messages if "asked again" in line]
    assert line.startswith("some-model at 127.0.0.1:")
    assert line.endswith("asked again without tools")
    assert logged in line
    assert watch.turns[0].spent_usd == pytest.approx(10 * 3e-6 + 2 * 15e-6)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "System role not supported"),
        (422, "messages[0].role: unknown variant `system`, expected `user` or `assistant`"),
        (500, "Jinja Exception: System role not supported"),
    ],
)
async def test_without_the_systems_role_its_text_begins_the_first_message(
    house: House, status: int, message: str
) -> None:
    """Nothing of it is lost."""
    async with talking(house) as model:
        ann, chat = house.chat()
        refuse(model, speaks_as("system"), status, message=message)
        model.say("fine", "again")
        assert await tell(house, chat, ann, "hello") == ["fine"]
        assert await tell(house, chat, ann, "and now") == ["again"]
        assert len(model.wrong) == 1
        first, last = model.exchanges
        assert [m["role"] for m in first.messages] == ["user"]
        assert first.messages[0]["content"].startswith(POLICY)
        assert json.loads(first.messages[0]["content"].splitlines()[-1])["text"] == "hello"
        assert [m["role"] for m in last.messages] == ["user", "assistant", "user"]
        assert said(last.messages[-1])[-1]["text"] == "and now"


async def test_a_role_for_what_a_tool_gave_back_is_not_needed(house: House) -> None:
    """Where a proposal cannot be read and its repair is refused, the person is answered without the tool."""
    async with talking(house) as model:
        ann, chat = house.chat()
        refuse(model, speaks_as("tool"), message="Only user and assistant roles are supported!")
        model.order(Answer(tool=("propose_automation", '{"schedule": "whenever", "prompt": "x"}')), Answer(text="fine"))
        assert await tell(house, chat, ann, "remind me") == ["fine"]
        assert [m["role"] for m in model.exchanges[-1].messages] == ["user"]


async def test_roles_that_must_alternate_do(house: House) -> None:
    """The first is the user's, whatever the conversation begins with."""
    async with talking(house) as model:
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        model.exchanges.clear()
        refuse(model, does_not_alternate, message="Conversation roles must alternate user/assistant/user/assistant/...")
        model.say("fine")
        assert await tell(house, chat, ann, "and now") == ["fine"]
        [exchange] = model.exchanges
        assert [m["role"] for m in exchange.messages] == ["user", "assistant", "user"]


@pytest.mark.parametrize(
    ("field", "status", "message"),
    [
        ("stream_options", 400, "property 'stream_options' is unsupported"),
        ("stream_options", 500, "create() got an unexpected keyword argument 'stream_options'"),
        ("max_tokens", 400, "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
        ("stream", 400, "Unsupported value: 'stream' does not support true with this model."),
    ],
)
async def test_a_field_that_is_refused_is_left_out(house: House, field: str, status: int, message: str) -> None:
    """Or called by its other name; an answer in one piece is an answer too."""
    async with talking(house) as model:
        ann, chat = house.chat()
        refuse(model, has(field), status, message=message)
        model.say("fine", "again")
        assert await tell(house, chat, ann, "hello") == ["fine"]
        assert await tell(house, chat, ann, "and now") == ["again"]
        assert len(model.wrong) == 1
        assert field not in model.exchanges[0].request


async def test_a_stream_that_is_called_json_is_read_all_the_same(house: House) -> None:
    """The label is wrong, the answer is not."""
    async with talking(house) as model:
        ann, chat = house.chat()
        chunk = {"choices": [{"index": 0, "delta": {"content": "fine"}, "finish_reason": "stop"}]}
        raw = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
        model.order(Answer(raw=raw, content_type="application/json"))
        assert await tell(house, chat, ann, "hello") == ["fine"]


async def test_a_tool_is_proposed_with_where_answers_come_in_one_piece(house: House) -> None:
    """What is left out takes nothing else with it."""
    async with talking(house) as model:
        ann, chat = house.chat()
        refuse(model, has("stream"), message="Streaming is not supported")
        model.order(Answer(tool=("propose_automation", json.dumps(REMINDER))))
        [text] = await tell(house, chat, ann, "remind me")
        assert "stand up" in text


async def test_all_that_is_refused_is_left_out_one_after_the_other(house: House) -> None:
    """And each at most once: an endpoint that never agrees is not asked for ever."""
    async with talking(house) as model:
        ann, chat = house.chat()
        for field in ("tools", "stream", "stream_options", "max_tokens", "max_completion_tokens"):
            refuse(model, has(field), message=f"Unsupported parameter: '{field}'")
        refuse(model, speaks_as("system"), message="System role not supported")
        model.say("fine")
        assert await tell(house, chat, ann, "hello") == ["fine"]
        assert len(model.wrong) == 5
        assert set(model.exchanges[0].request) == {"model", "messages"}
        model.wrong.clear()
        refuse(model, lambda request: True, message="tools, stream, max_tokens and system role: not supported")
        assert await tell(house, chat, ann, "hello") == [say("model.rejected")]
        assert len(model.wrong) == 1


async def test_what_has_begun_is_not_asked_again(house: House) -> None:
    """An error that comes after the first words cuts the answer, whatever it names."""
    async with talking(house) as model:
        ann, chat = house.chat()
        begun = {"choices": [{"index": 0, "delta": {"content": "one two"}}]}
        error = {"error": {"code": 400, "message": "tools are not supported"}}
        model.order(Answer(raw=f"data: {json.dumps(begun)}\n\ndata: {json.dumps(error)}\n\n"))
        assert await tell(house, chat, ann, "hello") == ["one two", say("model.cut")]
        assert len(model.exchanges) == 1


async def test_what_never_helped_is_not_remembered(house: House) -> None:
    """A refusal that goes on without it had another cause."""
    async with talking(house) as model:
        ann, chat = house.chat()
        refuse(model, lambda request: True, message="tools and system role: not supported")
        assert await tell(house, chat, ann, "hello") == [say("model.rejected")]
        assert len(model.wrong) == 3
        model.rules.clear()
        model.say("fine")
        assert await tell(house, chat, ann, "hello") == ["fine"]
        assert "tools" in model.exchanges[-1].request


@pytest.mark.parametrize(
    "message", ["no", "Invalid request", "something is not supported", "my tools rust in the rain"]
)
async def test_a_refusal_that_names_nothing_of_ours_is_a_failure(house: House, message: str) -> None:
    """Asked once, and told."""
    async with talking(house) as model:
        ann, chat = house.chat()
        refuse(model, lambda request: True, message=message)
        assert await tell(house, chat, ann, "hello") == [say("model.rejected")]
        assert len(model.wrong) == 1


async def test_words_that_somebody_wrote_decide_nothing(house: House) -> None:
    """An endpoint that repeats them refuses what it refuses, not what they say."""
    async with talking(house) as model:
        ann, chat = house.chat()
        text = "tools are not supported and the system role is not supported"
        refuse(model, lambda request: True, message=f"Invalid prompt: {text}")
        assert await tell(house, chat, ann, text) == [say("model.rejected")]
        assert len(model.wrong) == 1


async def test_a_refusal_is_remembered_for_a_day_beyond_a_restart(house: House) -> None:
    """By address and model; then it is tried again."""
    clock = TestClock()
    async with ModelServer() as server:
        model = server.model
        refuse(model, has("tools"), message=AUTO)
        for wrong, seconds, name in ((1, 0, "m"), (1, DAY_S - 60, "m"), (2, 0, "n"), (3, 61, "m"), (3, 1, "m")):
            clock.advance(seconds=seconds)
            async with house.bot(clock, **to_model(server, openai_model=name)):
                await awake(house)
                ann, chat = house.chat()
                model.say("fine")
                assert await tell(house, chat, ann, "hello") == ["fine"]
            assert len(model.wrong) == wrong
        model.rules.clear()
        clock.advance(seconds=DAY_S)
        async with house.bot(clock, **to_model(server, openai_model="m")):
            model.say("fine")
            assert await tell(house, chat, ann, "hello") == ["fine"]
        assert "tools" in model.exchanges[-1].request


async def test_a_clock_that_was_ahead_makes_nothing_remembered_for_ever(house: House) -> None:
    """What was refused in the future is asked again."""
    async with ModelServer() as server:
        refuse(server.model, has("tools"), message=AUTO)
        for days in (30, 0):
            clock = TestClock()
            clock.advance(seconds=days * DAY_S)
            async with house.bot(clock, **to_model(server)):
                await awake(house)
                ann, chat = house.chat()
                await tell(house, chat, ann, "hello")
    assert len(server.model.wrong) == 2


async def test_remembering_is_one_reading_a_process_and_one_row(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message costs neither; the row has the times of refusals, and nothing else."""
    looked_for: list[str] = []
    find = Properties.find

    async def counting(self: Properties, name: str) -> str | None:
        looked_for.append(name)
        return await find(self, name)

    monkeypatch.setattr(Properties, "find", counting)
    clock = TestClock()
    async with ModelServer() as server, house.bot(clock, **to_model(server)):
        ann, chat = house.chat()
        refuse(server.model, has("tools"), message=AUTO)
        for _ in range(3):
            await tell(house, chat, ann, "hello")
        address = server.url.removeprefix("http://")
    rows = house.rows("SELECT name, value FROM polar_properties WHERE name LIKE 'refused_by%'")
    assert [(name, set(json.loads(value))) for name, value in rows] == [(f"refused_by:{address}:some-model", {"tools"})]
    assert len([name for name in looked_for if name.startswith("refused_by")]) == 1


@pytest.mark.parametrize("stored", ["", "[]", "nonsense", '{"tools": "yesterday", "cheese": 1}', '{"tools": 1e999}'])
async def test_whatever_stands_there_is_read(house: House, stored: str) -> None:
    """What is no memory of ours is none."""
    async with ModelServer() as server:
        async with house.bot(**to_model(server)):
            await awake(house)
        address = server.url.removeprefix("http://")
        house.write("INSERT INTO polar_properties VALUES (?, ?)", f"refused_by:{address}:some-model", stored)
        async with house.bot(**to_model(server)):
            ann, chat = house.chat()
            await tell(house, chat, ann, "hello")
        assert "tools" in server.model.exchanges[0].request


TOO_LONG = [
    (400, "This model's maximum context length is 4096 tokens. However, you requested 4500 tokens."),
    (400, "prompt is too long: 210000 tokens > 200000 maximum"),
    (413, "Request Entity Too Large"),
    (500, "the request exceeds the available context size"),
]


@pytest.mark.parametrize(("status", "message"), TOO_LONG)
@pytest.mark.parametrize(("left", "asked"), [(3, 1), (0, 2)])
async def test_what_is_too_long_is_asked_with_less_history(
    house: House, status: int, message: str, left: int, asked: int
) -> None:
    """With half of it, then with the question alone; the answer keeps which of it went along."""
    async with talking(house) as model:
        ann, chat = house.chat()
        for word in ("one", "two", "three"):
            await tell(house, chat, ann, word * 100)
        [*_, whole] = model.exchanges
        sizes = [sum(len(m["content"]) for m in exchange.messages) for exchange in model.exchanges]
        room = sizes[0] + (sizes[2] - sizes[0]) * left // 4
        refuse(model, longer_than(room + 200), status, message=message)
        model.say("fine")
        assert await tell(house, chat, ann, "now") == ["fine"]
        assert len(model.wrong) == asked
        exchange: Exchange = model.exchanges[-1]
        assert 0 < len(talk(exchange)) < 6 if left else talk(exchange) == []
        assert exchange is not whole
    [(kept,)] = house.rows("SELECT json_extract(origin, '$.history') FROM polar_messages WHERE text = 'fine'")
    texts = dict(house.rows("SELECT sequence, text FROM polar_messages"))
    assert [texts[sequence] for sequence in json.loads(kept)] == [text for _, text in talk(exchange)]


@pytest.mark.parametrize(("status", "message"), TOO_LONG)
async def test_a_question_that_is_too_long_by_itself_is_told(house: House, status: int, message: str) -> None:
    """As that, after three requests at the most, which cost nothing."""
    async with talking(house, **PRICED, **WATCHED) as model:
        ann, chat = house.chat()
        refuse(model, longer_than(4000), status, message=message)
        assert await tell(house, chat, ann, "x" * 3900) == [say("model.too_long")]
        assert len(model.wrong) == 1
        await tell(house, chat, ann, "hello")
        await tell(house, chat, ann, "hello")
        model.wrong.clear()
        assert await tell(house, chat, ann, "x" * 3900) == [say("model.too_long")]
        assert len(model.wrong) in (2, 3)
    assert watch.turns[0].spent_usd == 0
    assert reasons(house)[0] == ("failed", f"provider {status}")


PAGE = "<html><head><title>404 Not Found</title></head><body>words of a person</body></html>"


@pytest.mark.parametrize(
    ("key", "answer", "logged"),
    [
        ("key", Answer(status=401, message="Incorrect API key provided: sk-1234"), "401 with JSON: Incorrect API key"),
        ("key", Answer(status=403, message="Country not supported"), "403 with JSON: Country not supported"),
        ("credit", Answer(status=402, message="Insufficient credits"), "402 with JSON: Insufficient credits"),
        ("credit", Answer(status=429, message="x", code="insufficient_quota"), "429 insufficient_quota with JSON"),
        ("credit", Answer(status=400, message="Your credit balance is too low"), "Your credit balance is too low"),
        (
            "busy",
            Answer(status=429, retry_after="3600", message="Rate limit reached"),
            "to be asked again after 3600 s",
        ),
        (
            "unknown",
            Answer(status=404, message="The model `some-model` does not exist"),
            "The model `some-model` does not exist",
        ),
        (
            "path",
            Answer(status=404, raw="404 page not found", content_type="text/plain"),
            "with text: 404 page not found",
        ),
        ("path", Answer(status=404, raw='{"detail":"Not Found"}', content_type="application/json"), "JSON: Not Found"),
        ("path", Answer(status=405, raw='{"detail":"Method Not Allowed"}'), "405 with JSON: Method Not Allowed"),
        ("path", Answer(raw='{"error":"Unexpected endpoint or method. (POST /x)"}'), "Unexpected endpoint or method"),
        ("page", Answer(raw=PAGE, content_type="text/html"), "status 200 with a web page: 404 Not Found"),
        ("page", Answer(status=404, raw=PAGE, content_type="text/html"), "status 404 with a web page: 404 Not Found"),
        ("moved", Answer(status=301, raw="", location="https://example.org/v1"), "status 301 with nothing"),
        ("moved", Answer(status=307, raw="", location="/v2/chat/completions"), "status 307 with nothing"),
        (
            "no_answer",
            Answer(raw='{"error":"out of memory"}', content_type="application/json"),
            "200 with JSON: out of",
        ),
        ("garbage", Answer(raw="", content_type="application/json"), "answered garbage (nothing)"),
        ("garbage", Answer(raw='{"hello": "you"}'), "answered garbage (JSON with the fields hello)"),
        ("broken", Answer(pieces=("",), finish=None), "it ended before its end"),
        ("failing", Answer(status=503, raw=PAGE, content_type="text/html"), "status 503 with a web page"),
        ("refused", Answer(status=400, code="content_filter", message="x"), "400 content_filter"),
        ("refused", Answer(status=400, message="Your prompt was flagged by our safety policy"), "prompt was flagged"),
        ("refused", Answer(refusal="I will not say words of a person"), "the model, or a filter, declined"),
        ("refused", Answer(text="words", finish="content_filter"), "the model, or a filter, declined"),
        ("rejected", Answer(status=400, message="Invalid request"), "400 with JSON: Invalid request"),
    ],
)
async def test_each_failure_is_told_and_logged_as_what_it_is(
    house: House, key: str, answer: Answer, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    """To the person in a sentence, in the log with model, host, status, and what the endpoint said."""
    async with talking(house) as model:
        ann, chat = house.chat()
        if isinstance(answer.raw, str) and answer.raw.startswith("{"):
            answer = replace(answer, content_type="application/json")
        model.otherwise = answer
        assert await tell(house, chat, ann, "words of a person") == [say(f"model.{key}")]
    lines = [line for line in caplog.messages if line.startswith("some-model at 127.0.0.1:")]
    assert any(logged in line for line in lines), caplog.messages
    assert "words of a person" not in caplog.text
    assert KEY not in caplog.text
    assert [outcome for outcome, _ in reasons(house)] == ["failed"]


async def test_people_are_not_sent_on_to_another_address(house: House) -> None:
    """Nothing of what they wrote goes where a redirect leads."""
    async with ModelServer() as elsewhere, talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(status=307, raw="", location=f"{elsewhere.url}/chat/completions")
        assert await tell(house, chat, ann, "hello") == [say("model.moved")]
        assert len(elsewhere.model.exchanges) == 0


async def test_an_address_without_v1_is_hinted_at(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """The log names what is most often forgotten; where it stands already, it does not."""
    async with ModelServer() as server:
        for base_url in (server.url.removesuffix("/v1"), server.url.replace("/v1", "/v1/x")):
            async with house.bot(**to_model(server, openai_base_url=base_url)):
                await awake(house)
                ann, chat = house.chat()
                assert await tell(house, chat, ann, "hello") == [say("model.path")]
    first, second = [line for line in caplog.messages if "status 404" in line]
    assert first.endswith("the address may lack /v1 at its end")
    assert "/v1" not in second


async def test_nobody_at_home_is_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Who was asked, and what went wrong; an address with a password is told without it."""
    async with ModelServer() as server:
        secret = server.url.replace("://", "://ann:s3cr3t-w0rd@")
        async with house.bot(**to_model(server, openai_base_url=secret)):
            ann, chat = house.chat()
            await server.stop_listening()
            assert await tell(house, chat, ann, "hello") == [say("model.unreachable")]
    [line] = [line for line in caplog.messages if line.startswith("some-model at")]
    assert "unreachable (ConnectError)" in line
    assert "s3cr3t-w0rd" not in caplog.text
