"""What a model says, without its thoughts, its calls and its control tokens, however it arrives."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.responders.model.answer import ModelAnswer
from bot.responders.model.calls import LONGEST_CALL, MOST_CALLS, EndlessCall
from bot.responders.model.frames import Delta
from bot.responders.model.speech import Speech
from tests import examples
from tests.streams import PROPOSED, TOOL, S, heard, said

GIVEN = json.dumps(PROPOSED)
CALL = json.dumps({"name": TOOL, "arguments": PROPOSED})

THOUGHTS = [
    "<think>hm</think>Yes.",
    "<think>\nhm\n</think>\n\nYes.",
    "\n<think>hm</think>\nYes.",
    "<think></think>Yes.",
    "<THINK>hm</Think>Yes.",
    *(f"<{name}>hm</{name}>Yes." for name in ("thinking", "reasoning", "thought", "seed:think")),
    "[THINK]hm[/THINK]Yes.",
    "◁think▷hm◁/think▷Yes.",
    "<|begin_of_thought|>hm<|end_of_thought|>Yes.",
    "<|channel>thought\nhm<channel|>Yes.",
    "<think>a<think>b</think>c</think>Yes.",
    "<think> a <think> b </think> c </think> Yes.",
    "<think>they speak of <think> here.\n</think>\nYes.",
    "<think>a</think><think>b</think>Yes.",
    "<think>a</think>\n\n<thinking>b</thinking>\nYes.",
    "<think>the tag `</think>` ends it</think>Yes.",
    "<think>```\ncode that never ends\n</think>Yes.",
    "<think>a lone ` in it </think> Yes.",
    "hm\n</think>\n\nYes.",
    "hm</think>Yes.",
    "It is so. </think> Yes.",
    "```\nhm\n```\n</think>\nYes.",
    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>",
    "<|start|>assistant<|channel|>analysis<|message|>a. <|end|><|start|>assistant<|channel|>final<|message|>Yes.",
    "<|channel|>analysis<|message|>a<|channel|>final<|message|>Yes.<|end|>",
    "<|channel|>final <|constrain|>text<|message|>Yes.",
]

TOKENS = [
    "Yes.<|im_end|>",
    "Yes. <|im_end|>",
    "Yes.<|eot_id|>",
    "Yes.</s>",
    "<s>Yes.</s>",
    "Yes.<｜end▁of▁sentence｜>",
    "Yes.<|endoftext|>",
    "Yes.<end_of_turn>",
    "Yes.<|end|><|return|>",
    "<|im_start|>assistant\nYes.<|im_end|>",
    "<|start_header_id|>assistant<|end_header_id|>\n\nYes.<|eot_id|>",
    "<|assistant|>Yes.<|user|>",
    "Yes.<|im_end|><|im_start|>user\nAnd what of <think>this</think>?<|im_end|>",
    "Yes.<|user|>Words that the model makes up for another",
]


@pytest.mark.parametrize("text", [*THOUGHTS, *TOKENS])
def test_thoughts_and_control_tokens_are_not_the_answer(text: str) -> None:
    """By all the names that are seen, nested, without a beginning, and whoever would speak next."""
    assert spoken(text).rstrip() == "Yes."


@pytest.mark.parametrize(
    "text",
    [
        "A thought stands between <think> and </think>.",
        "Write <think>like this</think> to think.",
        "Use `<think>` and `</think>`, or `<|im_end|>`.",
        'Some say "<|im_end|>", others (</s>).',
        "See:\n```\n<think>\nhm\n</think>\n<|im_end|>\n```\nDone.",
        "See:\n~~~xml\n<tool_call>{}</tool_call>\n~~~",
        "See:\n\n    <think>\n    hm\n",
        "See:\n\n    <think>hm</think>\n",
        "Use `a <|im_end|>b` here.",
        "It ends with <|im_end|>, mostly.",
        "A turn ends with the token <|im_end|> in that format.",
        "It is <s>struck</s> out.",
        "<p>a < b, c <= d</p> [1] [T] <thin> <thinker>",
        "Put it into <tool_call> and go.",
        "The tags are\n<think>\nand nothing ends this one.",
        "<tool_call> is what begins it.",
        "1 <",
        "half a tag <|im_e",
    ],
)
def test_a_text_about_tags_is_kept(text: str) -> None:
    """In code, between quotation marks, in the middle of a sentence; and what only begins like one."""
    assert spoken(text) == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Before.\n<think>hm</think>\nAfter.", "Before.\n\nAfter."),
        ("One.\n<|im_end|>\nTwo.", "One.\n\nTwo."),
        ("<think>hm</think>```\n<think>\n```", "```\n<think>\n```"),
        ("<think>never ended", ""),
        ("<think>a</think>", ""),
        ("One.<think>a tag in a line begins nothing</think> Two.",) * 2,
        ("<think>one<think>two</think>Three.", "Three."),
    ],
)
def test_thoughts_in_the_middle(text: str, rest: str) -> None:
    """What is said before and after them stays."""
    assert spoken(text) == rest


WRITTEN = [
    f"<tool_call>{CALL}</tool_call>",
    f"<tool_call>\n{CALL}\n</tool_call>",
    f"<tool_call>{CALL}",
    f"<think>hm</think>\n\n<tool_call>\n{CALL}\n</tool_call><|im_end|>",
    f"[TOOL_CALLS][{CALL}]</s>",
    f"[TOOL_CALLS] {TOOL}{GIVEN}",
    f"[TOOL_CALLS]{TOOL}[ARGS]{GIVEN}",
    f"<function={TOOL}>{GIVEN}</function>",
    f"<tool_call>\n<function={TOOL}>\n<parameter=schedule>\ndaily 18:00\n</parameter>\n"
    "<parameter=prompt>\nstretch\n</parameter>\n</function>\n</tool_call>",
    f"<tool_call>{TOOL}\n<arg_key>schedule</arg_key>\n<arg_value>daily 18:00</arg_value>\n"
    "<arg_key>prompt</arg_key>\n<arg_value>stretch</arg_value>\n</tool_call>",
    f'<function_calls><invoke name="{TOOL}"><parameter name="schedule">daily 18:00</parameter>'
    '<parameter name="prompt">stretch</parameter></invoke></function_calls>',
    f"<|python_tag|>{CALL.replace('arguments', 'parameters')}<|eom_id|>",
    f"<|tool_calls_section_begin|><|tool_call_begin|>functions.{TOOL}:0<|tool_call_argument_begin|>{GIVEN}"
    "<|tool_call_end|><|tool_calls_section_end|>",
    f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>{TOOL}\n```json\n{GIVEN}\n```"
    "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    f"<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.{TOOL} "
    f"<|constrain|>json<|message|>{GIVEN}<|call|>",
    f"```json\n{CALL}\n```",
    f"```tool_call\n[{CALL}]\n```",
    CALL,
    json.dumps({"type": "function", "function": {"name": TOOL, "arguments": GIVEN}}),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_call_that_is_written_as_text_is_a_call(text: str) -> None:
    """And at no moment is anything of it shown."""
    answer = heard(said(*text))
    assert answer.text.strip() == ""
    assert [(call.name, json.loads(call.arguments)) for call in answer.calls] == [(TOOL, PROPOSED)]
    growing = ModelAnswer(offered=(TOOL,))
    for letter in text:
        growing.take(Delta(text=letter))
        assert growing.text.strip() == ""


@pytest.mark.parametrize(
    "text",
    [
        f"Gladly.\n<tool_call>{CALL}</tool_call>",
        f"Gladly. <tool_call>\n{CALL}\n</tool_call>",
        f"Gladly.[TOOL_CALLS][{CALL}]",
    ],
)
def test_what_is_said_beside_a_written_call_is_said(text: str) -> None:
    """Before it, as with a proper one."""
    answer = heard(said(text))
    assert (answer.text.strip(), len(answer.calls)) == ("Gladly.", 1)


@pytest.mark.parametrize(
    "text",
    ["<tool_call>{broken</tool_call>", '<tool_call>{"name": "x"', "<tool_call>\n{}\n</tool_call>", "[TOOL_CALLS][{"],
)
def test_a_written_call_that_cannot_be_read_is_not_shown(text: str) -> None:
    """Nor is it a call."""
    answer = heard(said("Yes.\n" + text))
    assert (answer.text.strip(), answer.calls) == ("Yes.", [])


@pytest.mark.parametrize(
    "text",
    [
        f"Like this:\n```json\n{CALL}\n```",
        f"```json\n{CALL}\n```\nis how it looks.",
        '```json\n{"name": "Ann", "arguments": {}}\n```',
        '{"name": "Ann"}',
    ],
)
def test_json_that_is_an_answer_is_shown(text: str) -> None:
    """A block that is not all of the answer, or does not name the tool; or where no tool was offered."""
    for end in ("", S):
        assert (heard(said(*text), end).text, heard(said(*text), end).calls) == (text, [])
    assert heard(said(CALL), offered=()).text == CALL


@pytest.mark.parametrize("text", [*THOUGHTS[:12], *WRITTEN[:3], WRITTEN[4]])
def test_no_half_of_a_tag_is_shown_as_the_answer_grows(text: str) -> None:
    """Letter by letter, also behind a text; what was shown is not taken back."""
    shown = [""]
    speech = Speech()
    for letter in f"Well:\n{text}":
        speech.feed(letter)
        assert speech.text.startswith(shown[-1])
        shown.append(speech.text)
    speech.end()
    assert {part.strip() for part in shown if len(part) > 6} <= {"Well:" + rest for rest in ("", "\n\nYes.")} | {
        ("Well:\n" + "\n" * lines + "Yes."[:length]).strip() for length in range(5) for lines in range(4)
    }


@pytest.mark.parametrize(
    "end", ["half one <thi", "half one <tool_call", "half one\n<think>hm", "half one\n<tool_call>{"]
)
def test_of_what_was_cut_off_no_half_is_shown(end: str) -> None:
    """Neither of a tag, nor of a thought or a call, that would have gone on; nor of a call in JSON."""
    assert heard(said(end)).text.strip() == "half one"
    assert heard(said(CALL[:-5])).text == heard(said(f"```json\n{CALL}"[:-5])).text == ""


PIECES = ["<think>", "</think>", "<|im_end|>", "<|channel|>final<|message|>", "<tool_call>", "</tool_call>", CALL, "`"]
PIECES += [
    "```\n",
    "\n",
    " ",
    "said",
    ". ",
    "<",
    "</s>",
    "[TOOL_CALLS]",
    "<|im_start|>user\n",
    "é😀",
    '"',
    "<function=x>",
]


@examples(40)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sets(st.integers(0, 150)))
def test_cutting_the_text_elsewhere_changes_nothing(pieces: list[str], cuts: set[int]) -> None:
    """The same text says the same, and no text breaks the reading."""
    text = "".join(pieces)
    places = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    speech = Speech()
    for a, b in pairwise(places):
        speech.feed(text[a:b])
    speech.end()
    assert speech.text == spoken(text)


def test_what_is_hidden_is_bounded() -> None:
    """A call without an end is given up; a thought without one is dropped as it comes."""
    speech = Speech()
    speech.feed("<tool_call>{")
    with pytest.raises(EndlessCall):
        speech.feed("x" * LONGEST_CALL)
    with pytest.raises(EndlessCall):
        heard(said('{"type": ' + " " * 99 + "x" * LONGEST_CALL), offered=(TOOL,))
    assert len(heard(said(f"<tool_call>{CALL}</tool_call>" * 99)).calls) == MOST_CALLS
    assert spoken("Yes.\n<think>" + "x" * (LONGEST_CALL + 1)) == "Yes.\n"
    assert spoken("`<|a|>`" * 3000).count("<|a|>") == 3000


def spoken(text: str) -> str:
    """What is shown of a text that comes in one piece."""
    speech = Speech()
    speech.feed(text)
    speech.end()
    return speech.text
