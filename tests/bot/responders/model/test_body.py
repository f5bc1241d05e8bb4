"""What endpoints send, frame by frame as it was recorded, and what is read in it."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.responders.model.answer import ModelAnswer
from bot.responders.model.body import AnswerBody
from bot.responders.model.calls import LONGEST_CALL, EndlessCall
from bot.responders.model.frames import ErrorFrame
from bot.responders.model.framing import LONGEST_FRAME, Garbled
from bot.responders.model.objection import Objection
from bot.responders.model.prices import Usage
from tests import examples
from tests.streams import (
    DONE,
    PROPOSED,
    TOOL,
    WHOLE,
    WHOLE_STREAMS,
    A,
    B,
    S,
    answer_of,
    event,
    frame,
    heard,
    said,
)


@pytest.mark.parametrize("body", WHOLE_STREAMS.values(), ids=WHOLE_STREAMS)
def test_a_whole_answer_is_read_whatever_the_dialect(body: str) -> None:
    """Frames that say nothing are passed over, and nothing of another choice, or of a thought, is the answer."""
    answer = heard(body)
    assert (answer.text, answer.finish, answer.calls) == (WHOLE, "stop", [])


@pytest.mark.parametrize("body", WHOLE_STREAMS.values(), ids=WHOLE_STREAMS)
def test_it_is_the_same_byte_by_byte(body: str) -> None:
    """However the network cuts it, within a character too."""
    assert answer_of(bytes([byte]) for byte in body.encode()).text == WHOLE


@pytest.mark.parametrize(
    "body",
    [
        A + B,
        A + B + frame(finish="error") + DONE,
        A + B + frame(finish="insufficient_system_resource") + DONE,
        A + B + frame(finish="words of\na person") + DONE,
        json.dumps({"choices": [{"message": {"content": WHOLE}, "finish_reason": "error"}]}),
    ],
    ids=["no end", "error", "unknown", "no code", "one piece"],
)
def test_an_irregular_end_is_none(body: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a stream that breaks off without a reason, nor a reason that is no regular one; the log has a code."""
    answer = heard(body)
    assert (answer.text, answer.finish) == (WHOLE, None)
    assert "person" not in caplog.text
    assert ("ended an answer" in caplog.text) == ("finish_reason" in body.replace("null", "") and body != A + B)


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [("tool_calls", "stop"), ("end_turn", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter")],
)
def test_a_regular_end_has_several_names(reason: str, meaning: str) -> None:
    """Of which the rest of the bot knows one each."""
    assert heard(A + B + frame(finish=reason)).finish == meaning


@pytest.mark.parametrize("late", ["data: {nonsense}\n\n", 'data: {"choices":[{"del', "{\n"])
def test_a_damaged_frame_is_no_whole_answer(late: str) -> None:
    """What it said is missing, so the answer is not passed off as whole; what came before is there."""
    body, answer = AnswerBody(), ModelAnswer()
    for delta in body.feed((A + late).encode()):
        answer.take(delta)
    with pytest.raises(Garbled):
        list(body.end())
    assert answer.text == "Half one, "


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (event({"error": {"message": "words of a person", "code": "server_error"}}), "server_error"),
        (event({"error": {"message": "x", "type": "overloaded_error", "code": None}}), "overloaded_error"),
        (event({"error": {"message": "x", "code": 503}}), "503"),
        (event({"error": "words of a person"}), ""),
        (event({"type": "error", "error": {"type": "overloaded_error"}}), "overloaded_error"),
        (event({"object": "error", "message": "x", "code": 40303}), "40303"),
        ('event: error\ndata: {"message": "x", "code": "words of a person"}\n\n', ""),
        ('error: {"code": 500, "message": "x"}\n\n', "500"),
        ('{"error": {"message": "x", "code": "gone"}}\n', "gone"),
        (event({"choices": [{"index": 0, "delta": {}, "error": {"code": 502}, "finish_reason": "error"}]}), "502"),
    ],
)
def test_an_error_within_the_stream_ends_it(error: str, code: str) -> None:
    """In all forms that are seen; of its text the log gets no word of a person's, but its code."""
    body = AnswerBody()
    assert [delta.text for delta in body.feed(A.encode())] == ["Half one, "]
    with pytest.raises(ErrorFrame) as raised:
        list(body.feed(error.encode()))
    objection = Objection.of_json(200, raised.value.fields, ["words of a person"])
    assert code in f"{objection.status} {objection.words}"
    assert "person" not in objection.words


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("", "nothing"),
        ("<html>words of a person</html>", "a page of HTML"),
        ("words of a person", "text that is no JSON object"),
        ("[1, 2]", "text that is no JSON object"),
        ('{"hello": "person", "words of a person": 1}', "JSON with the fields hello"),
        (b"\x00\xff\xfe", "text that is no JSON object"),
    ],
)
def test_what_is_no_answer_at_all_is_said_by_its_form(body: str | bytes, what: str) -> None:
    """Without a word of what it says, which may repeat a person's."""
    with pytest.raises(Garbled, match=f"^{what}$"):
        heard(body)


def test_characters_that_come_in_halves_are_put_together() -> None:
    """Surrogates over two frames, bytes over two chunks; a half that stays alone is a sign that stands for it."""
    halves = (
        'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\ndata: {"choices":[{"delta":{"content":"\\ude00"}}]}\n'
    )
    assert heard(halves + S).text == "a😀"
    assert heard(halves.replace("\\ude00", "b")).text == "a\ufffdb"
    assert heard(halves.replace("\\ude00", "")).text == "a\ufffd"
    written = "data: " + json.dumps({"choices": [{"delta": {"content": "é😀"}}]}, ensure_ascii=False)
    assert answer_of(bytes([byte]) for byte in written.encode()).text == "é😀"


USAGES: list[tuple[dict[str, Any], Usage]] = [
    ({"prompt_tokens": 7, "completion_tokens": 5}, Usage(input=7, output=5)),
    ({"input_tokens": 7, "output_tokens": 5, "cache_read_input_tokens": 3}, Usage(input=10, output=5, cached=3)),
    ({"prompt_tokens": 7, "completion_tokens": 5, "cache_read_input_tokens": 3}, Usage(input=7, output=5, cached=3)),
    ({"prompt_eval_count": 7, "eval_count": 5.0}, Usage(input=7, output=5)),
    (
        {"prompt_tokens": 7, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2}, "total_tokens": 12},
        Usage(input=7, output=5, cached=2),
    ),
    (
        {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 42, "completion_tokens_details": None},
        Usage(input=7, output=35),
    ),
]


@pytest.mark.parametrize(("told", "usage"), USAGES)
def test_usage_is_read_in_any_frame_by_any_name(told: dict[str, Any], usage: Usage) -> None:
    """Beside the choices, in a choice, by itself; thoughts that only the total counts are counted."""
    choice = {"index": 0, "delta": {}, "usage": told}
    for place in (frame(usage=told) + S, event({"usage": told}) + S, event({"choices": [choice]}) + S):
        assert heard(A + place).usage == usage
    assert (
        heard(frame(usage={**told, "completion_tokens": 1, "total_tokens": 8}) + A + frame(usage=told)).usage == usage
    )


def test_usage_in_two_parts_is_put_together() -> None:
    """The input at the beginning, the output at the end; what makes no sense changes nothing."""
    parts = event({"usage": {"input_tokens": 7, "output_tokens": 1}}) + A + event({"usage": {"output_tokens": 5}})
    nonsense = [{"output_tokens": value} for value in (-1, True, None, "9", 10**30, float("nan"))]
    assert heard(parts + "".join(event({"usage": usage}) for usage in nonsense)).usage == Usage(input=7, output=5)
    assert heard(A + event({"usage": {"prompt_tokens": 0, "completion_tokens": 0}})).usage is None


def test_thoughts_are_dropped_and_their_tokens_are_counted() -> None:
    """Wherever they stand; the same thought by two names is one."""
    thought = "a long thought. " * 100
    plain = heard(A + B).arrived_tokens
    for body in (
        frame({"reasoning_content": thought}) + A + B,
        frame({"reasoning": thought, "reasoning_details": [{"type": "reasoning.text", "text": thought}]}) + A + B,
        frame({"content": [{"type": "thinking", "thinking": thought}]}) + A + B,
        said(f"<think>{thought}</think>") + A + B,
    ):
        answer = heard(body)
        assert answer.text == WHOLE
        assert plain + 500 < answer.arrived_tokens < plain + 600


ARGUMENTS = json.dumps(PROPOSED)


def test_a_message_that_grows_is_counted_once() -> None:
    """Not each time that it is told anew."""
    words = [{"choices": [{"message": {"content": "word " * number}}]} for number in range(1, 100)]
    assert heard(*map(event, words)).arrived_tokens == heard(said("word " * 99)).arrived_tokens


def call(arguments: Any = ARGUMENTS, name: str | None = TOOL, **fields: Any) -> dict[str, Any]:
    """A piece of a call as an endpoint sends it."""
    return {"function": {"name": name, "arguments": arguments}, **fields}


HALVES = (ARGUMENTS[:20], ARGUMENTS[20:])
CALLS = {
    "plain": [call(HALVES[0], index=0, id="a"), call(HALVES[1], None, index=0)],
    "no index": [call(HALVES[0], id="a"), call(HALVES[1], None)],
    "a null index": [call(HALVES[0], index=None), call(HALVES[1], "", index=None)],
    "its name each time": [call("", index=0), call(HALVES[0], index=0), call(HALVES[1], index=0), call("", index=0)],
    "its name each time, no index": [call(HALVES[0]), call(HALVES[1]), call("")],
    "another id each time": [call(HALVES[0], index=0, id="a"), call(HALVES[1], index=0, id="b")],
    "its name in pieces": [call("", TOOL[:5], index=0), call("", TOOL[5:], index=0), call(index=0, name=None)],
    "an object": [call(PROPOSED, index=0)],
    "told twice": [call(index=0, id="a"), call(index=0, id="a")],
    "beginning with 1": [call(HALVES[0], index=1), call(HALVES[1], None, index=1)],
    "without a function": [{"name": TOOL, "arguments": PROPOSED}],
}


@pytest.mark.parametrize("pieces", CALLS.values(), ids=CALLS)
def test_a_call_is_put_together(pieces: list[dict[str, Any]]) -> None:
    """Whatever is missing, or comes again."""
    [found] = heard(*(frame({"tool_calls": [piece]}) for piece in pieces), frame(finish="tool_calls")).calls
    assert (found.name, json.loads(found.arguments)) == (TOOL, PROPOSED)
    [found] = heard(*(frame({"function_call": {**piece, **piece.get("function", {})}}) for piece in pieces)).calls
    assert found.name == TOOL


def test_a_call_can_be_sent_back_whatever_is_in_it() -> None:
    """Its id and its name too, which may come in halves; one that does not end is given up, whatever of it is long."""
    halves = [call("", "pro\x00\ud83d", index=0, id="a\x00\ude00"), call("{}", "\ude00pose", index=0)]
    [found] = heard(*(frame({"tool_calls": [piece]}) for piece in halves)).calls
    assert (found.id, found.name, found.arguments) == ("a\ufffd", "pro😀pose", "{}")
    for endless in (call(name="x" * LONGEST_CALL, index=0), call(index=0, id="x" * LONGEST_CALL)):
        with pytest.raises(EndlessCall):
            heard(frame({"tool_calls": [endless]}))


@pytest.mark.parametrize(
    "numbers",
    [[{"index": 0, "id": "a"}, {"index": 1, "id": "b"}], [{"index": 0, "id": "a"}, {"index": 0, "id": "b"}], [{}, {}]],
    ids=["numbered", "all called 0", "not numbered"],
)
def test_several_calls_stay_apart(numbers: list[dict[str, Any]]) -> None:
    """In the order in which they came."""
    other = json.dumps({**PROPOSED, "prompt": "rest"})
    frames = [call(**numbers[0]), call(other, **numbers[1])]
    for body in ("".join(frame({"tool_calls": [one]}) for one in frames), frame({"tool_calls": frames})):
        answer = heard(body)
        assert [json.loads(found.arguments)["prompt"] for found in answer.calls] == ["stretch", "rest"]


def test_a_completion_in_one_piece_has_its_call() -> None:
    """As a stream has."""
    message = {"content": None, "tool_calls": [call(id="a", type="function")]}
    answer = heard(json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}))
    assert [found.name for found in answer.calls] == [TOOL]


def test_a_refusal_is_noticed_wherever_it_stands() -> None:
    """As a field, or as a part of the content."""
    assert heard(frame({"refusal": "no"})).refused
    assert heard(frame({"content": [{"type": "refusal", "refusal": "no"}]})).refused
    assert not heard(A + frame({"refusal": None})).refused


def test_what_does_not_end_is_given_up() -> None:
    """A frame, a line, a body that is no stream, a call: each within bounds, and what came before is there."""
    flood = b"x" * (1024 * 1024)
    for begin in (b"data: {", b"", b"{\n", b'data: {"a":\ndata: '):
        body = AnswerBody()
        assert len(list(body.feed(A.encode()))) == 1
        with pytest.raises(Garbled, match=str(LONGEST_FRAME)):
            for chunk in (begin, *[flood] * 10):
                list(body.feed(chunk))
    with pytest.raises(Garbled, match=str(LONGEST_FRAME)):
        heard(b"data: " + flood * 5 + b"\n")
    with pytest.raises(EndlessCall):
        heard(frame({"tool_calls": [call("x" * LONGEST_CALL, index=0)]}), frame({"tool_calls": [call("x", index=0)]}))
    assert len(heard(*(frame({"tool_calls": [call(index=n)]}) for n in range(50))).calls) < 50


def test_json_without_a_bottom_is_no_frame() -> None:
    """As whatever else cannot be read."""
    with pytest.raises(Garbled):
        heard("data: " + '{"choices":' + "[" * 100_000 + "\n\n")


@examples(60)
@given(st.binary(max_size=200) | st.text(alphabet='data:{}[]"\n\r <>think/', max_size=120).map(str.encode))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    """Whatever comes is an answer, or one of the failures that are declared."""
    with suppress(Garbled, ErrorFrame):
        answer_of([A.encode(), body])


NAMES = ["choices", "index", "delta", "message", "content", "tool_calls", "function", "arguments", "usage", "error"]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "stop", "text", "thinking", "error", "x"]),
    lambda some: st.lists(some, max_size=2) | st.dictionaries(st.sampled_from(NAMES), some, max_size=3),
    max_leaves=8,
)


@examples(60)
@given(JUNK, JUNK)
def test_no_frame_breaks_the_reading(fields: object, delta: object) -> None:
    """Whatever stands in a field where something else belongs."""
    with suppress(Garbled, ErrorFrame):
        heard(
            *(
                event(sent)
                for sent in (fields, {"choices": [{"delta": delta}]}, {"choices": [{"delta": {"content": delta}}]})
            )
        )


@examples(40)
@given(st.lists(st.sampled_from(list(WHOLE_STREAMS.values())), min_size=1, max_size=2), st.sets(st.integers(0, 900)))
def test_cutting_the_bytes_elsewhere_changes_nothing(bodies: list[str], cuts: set[int]) -> None:
    """The same bytes say the same, event by event."""
    body = "".join(bodies).replace("o", "ö😀").encode()
    places = [0, *sorted(cut for cut in cuts if cut < len(body)), len(body)]
    assert events([body[a:b] for a, b in pairwise(places)]) == events([body])


def events(chunks: list[bytes]) -> list[Any]:
    """What is said in these chunks, and the failure at the end if there is one."""
    body, told = AnswerBody(), []
    try:
        for chunk in chunks:
            told += list(body.feed(chunk))
        told += list(body.end())
    except (Garbled, ErrorFrame) as error:
        return [*told, str(error)]
    return told
