"""Whatever dialect the endpoint speaks, people read the answer, the whole answer, and nothing else."""

from __future__ import annotations

import json

import pytest

from bot.responders.model import endpoint
from emulator.model import Answer, ModelServer
from middleware.texts import say
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.model import PRICED, WATCHED, ask, reasons, talking, to_model, watch
from tests.pressing import buttons, last
from tests.streams import DONE, PROPOSED, TOOL, WHOLE, A, B, S, event, frame, said


@pytest.fixture(autouse=True)
def unwatched() -> None:
    """Forget what other tests saw."""
    watch.turns.clear()


HALVES = '"Half one, \\ud83d"', '"\\ude00half two."'
WHOLE_STREAMS = {
    "no choices": (A + event({"id": "c", "object": "chat.completion.chunk"}) + B + S + DONE, WHOLE),
    "a ping, and a term": ('retry: 3000\n\nevent: ping\ndata: {"type":"ping"}\n\n' + A + "data:\n\n" + B + S, WHOLE),
    "no reason": (A + B + DONE, WHOLE),
    "one piece": (json.dumps({"choices": [{"message": {"content": WHOLE}, "finish_reason": "stop"}]}), WHOLE),
    "halves": ("".join(f'data: {{"choices":[{{"delta":{{"content":{half}}}}}]}}\n\n' for half in HALVES) + S, None),
    "parts": (frame({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": WHOLE}]}) + S, WHOLE),
    "thoughts": (said("<th", "ink>hm</thi", "nk>\n\n") + A + B + S, WHOLE),
    "thoughts that nothing began": (said("hm\n</think>\n\n") + A + B + S, WHOLE),
    "tokens": (A + B + said("<|im_end|>") + S, WHOLE),
    "another choice": (event({"choices": [{"index": 1, "delta": {"content": "no"}}]}) + A + B + S, WHOLE),
}


@pytest.mark.parametrize(("body", "text"), WHOLE_STREAMS.values(), ids=WHOLE_STREAMS)
async def test_a_whole_answer_arrives_whole(house: House, body: str, text: str | None) -> None:
    """Without a line that says otherwise."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(raw=body))
        assert await tell(house, chat, ann, "hello") == [text or "Half one, 😀half two."]
    assert reasons(house) == [("answered", None)]


@pytest.mark.parametrize("body", [A + B, A + B + frame(finish="error") + DONE, A + B + event({"error": {"code": "x"}})])
async def test_an_answer_that_did_not_end_regularly_says_so(house: House, body: str) -> None:
    """Whether it broke off, ended for a reason that is none, or an error came instead of the rest."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(raw=body))
        assert await tell(house, chat, ann, "hello") == [WHOLE, say("model.cut")]
    assert reasons(house) == [("answered", "cut")]


@pytest.mark.parametrize("thought", [frame({"reasoning_content": "hm " * 500}), said("<think>", "hm " * 500)])
async def test_tokens_that_were_spent_on_thinking_are_said_to_be_and_are_paid(house: House, thought: str) -> None:
    """With the setting that helps; the thoughts themselves are not shown."""
    async with talking(house, **PRICED, **WATCHED) as model:
        ann, chat = house.chat()
        model.order(Answer(raw=thought + frame(finish="length") + DONE))
        assert await tell(house, chat, ann, "hello") == [say("model.spent")]
        assert "POLAR_OPENAI_MAX_OUTPUT_TOKENS" in say("model.spent")
    assert reasons(house) == [("failed", "provider spent its tokens on thinking")]
    assert watch.turns[0].spent_usd > 400 * 15 / 1e6


CALL = {"name": TOOL, "arguments": json.dumps(PROPOSED)}
NAMED = [{"name": TOOL, "arguments": half} for half in (CALL["arguments"][:9], CALL["arguments"][9:])]
PROPOSALS = {
    "no index": frame({"tool_calls": [{"id": "a", "function": CALL}]}),
    "its name each time": "".join(frame({"tool_calls": [{"index": 0, "function": half}]}) for half in NAMED),
    "an object": frame({"tool_calls": [{"function": {"name": TOOL, "arguments": PROPOSED}}]}),
    "the older name": frame({"function_call": CALL}),
    "written as text": said(*f"<tool_call>{json.dumps(CALL)}</tool_call>"),
    "a block of code": said(*f"```json\n{json.dumps(CALL)}\n```"),
}


@pytest.mark.parametrize("body", PROPOSALS.values(), ids=PROPOSALS)
async def test_a_proposal_is_understood_in_every_form(house: House, body: str) -> None:
    """The person sees what is proposed, and nothing of how the model said it."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(raw=body + S + DONE))
        [text] = await tell(house, chat, ann, "remind me")
        assert text.startswith("Shall I, ")
        assert "✅ Create" in buttons(last(house, chat))
        assert len(model.exchanges) == 1


async def test_an_error_in_place_of_an_answer_is_told_without_its_words(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """With status 200, as some servers do; the log has the code."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(raw=event({"error": {"message": "words of a person", "code": "server_error"}}))
        assert await tell(house, chat, ann, "words of a person") == [say("model.no_answer")]
    assert "server_error" in caplog.text
    assert "words of" not in caplog.text


async def test_while_it_grows_nothing_but_the_answer_is_shown(house: House) -> None:
    """Neither a thought, nor half a tag."""
    pieces = (said("<think>hm"), said("</thi"), said("nk>One", " <tool_"), said("call>{}</tool_call>"), S)
    async with ModelServer() as server, house.bot(**to_model(server, **WATCHED)) as bot:
        ann, chat = house.chat()
        server.model.order(Answer(raw=pieces, hold_after=3))
        exchange = await ask(house, chat, ann, server.model, "hello")
        await server.model.wait(lambda: exchange.pieces == 3)
        writing = bot.app.answering.find(watch.turns[0])
        assert writing is not None
        await until(lambda: writing.said == "One ")
        server.model.release()
        await idle(house)
    assert texts(house, chat) == ["One"]


async def test_an_answer_that_is_over_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that stays open behind the end keeps nobody waiting, and one that breaks there harms nothing."""
    monkeypatch.setattr(endpoint, "STALL_S", 600)
    async with talking(house, responder_timeout_seconds=600) as model:
        ann, chat = house.chat()
        model.order(Answer(raw=(A + B + S + DONE,), hold_after=1), Answer(raw=(A + B + S,), cut_after=1))
        assert await tell(house, chat, ann, "hello") == [WHOLE]
        assert model.exchanges[0].ended == "abandoned"
        assert await tell(house, chat, ann, "hello") == [WHOLE]
    assert reasons(house) == [("answered", None)] * 2


async def test_what_was_made_after_the_usage_was_told_is_paid(house: House) -> None:
    """Where an answer was cut, what came since is estimated; where it was not, what is told holds."""
    begin, rest = frame(usage={"prompt_tokens": 7, "completion_tokens": 1}), said("word " * 300)
    async with talking(house, **PRICED, **WATCHED) as model:
        ann, chat = house.chat()
        model.order(Answer(raw=begin + rest), Answer(raw=begin + rest + DONE))
        await tell(house, chat, ann, "hello")
        await tell(house, chat, ann, "hello")
    cut, whole = (turn.spent_usd for turn in watch.turns)
    assert cut > 300 * 15 / 1e6 > whole == pytest.approx((7 * 3 + 15) / 1e6)
