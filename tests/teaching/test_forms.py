"""The forms of a dataset, and what their tools count on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from teaching.forms import FORMS, ChatLine, Example, written

ASKED = (ChatLine(role="user", content="hi"),)
LIKED = Example(id="i1", person="p1", prompt=ASKED, answer="hello", is_liked=True, model="m", at_ms=5)
PAIR = replace(LIKED, worse="what?")
DISLIKED = replace(LIKED, is_liked=False)


def line(form: str, example: Example) -> Any:
    """The line of an example, read again."""
    return json.loads(written(FORMS[form].line(example)))


def test_each_form_is_as_its_tools_want_it() -> None:
    """Keys, in their order, and their values."""
    said = [{"role": "assistant", "content": "hello"}]
    before = [{"role": "assistant", "content": "what?"}]
    asked = [{"role": "user", "content": "hi"}]
    assert list(FORMS) == ["kto", "dpo", "sft", "openai-dpo", "promptfoo"]
    kto = {"prompt": asked, "completion": said, "label": True, "id": "i1", "person": "p1", "model": "m", "at_ms": 5}
    assert line("kto", LIKED) == kto
    dpo = {"prompt": asked, "chosen": said, "rejected": before, "id": "i1", "person": "p1", "at_ms": 5}
    assert line("dpo", PAIR) == dpo
    assert line("sft", LIKED) == {"messages": asked + said}
    assert line("openai-dpo", PAIR) == {
        "input": {"messages": asked},
        "preferred_output": said,
        "non_preferred_output": before,
    }
    promptfoo = line("promptfoo", DISLIKED)
    assert list(promptfoo) == ["description", "vars", "assert", "metadata"]
    assert json.loads(promptfoo["vars"]["messages"]) == asked
    assert promptfoo["vars"]["disliked"] == "hello"
    assert promptfoo["assert"] == [{"type": "llm-rubric", "value": "Clearly better than: {{disliked}}"}]


@pytest.mark.parametrize("form", FORMS)
def test_no_line_holds_a_null_or_messages_beside_a_prompt(form: str) -> None:
    """A column of nulls has no type; TRL takes a row with both for neither."""

    def values(value: Any) -> Iterator[Any]:
        yield value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from values(inner)

    told = line(form, replace(PAIR, model=""))
    assert None not in list(values(told))
    assert not {"messages", "prompt"} <= set(told)


@pytest.mark.parametrize(
    ("form", "takes"),
    [
        ("kto", [LIKED, DISLIKED, PAIR, replace(LIKED, is_whole=False)]),
        ("dpo", [PAIR]),
        ("sft", [LIKED, PAIR]),
        ("openai-dpo", [PAIR]),
        ("promptfoo", [DISLIKED]),
    ],
)
def test_each_form_takes_what_it_is_made_of(form: str, takes: list[Example]) -> None:
    """To be imitated an answer must be liked, and whole."""
    every = [LIKED, DISLIKED, PAIR, replace(LIKED, is_whole=False)]
    assert [example for example in every if FORMS[form].takes_example(example)] == takes


@pytest.mark.parametrize("form", FORMS)
def test_a_line_is_one_line_whatever_was_written(form: str) -> None:
    """Ends of lines of all kinds, and half a character, are written by their numbers."""
    odd = "a\nb\r\u2028c\x85d\u2029e\ud83d."
    example = replace(PAIR, prompt=(ChatLine(role="user", content=odd),), is_liked=form != "promptfoo")
    text = written(FORMS[form].line(example))
    assert len(text.splitlines()) == 1
    assert text.encode()
    told = line(form, example)
    held = json.loads(told["vars"]["messages"]) if form == "promptfoo" else told
    assert odd in json.dumps(held, ensure_ascii=False).encode("utf-8", "surrogatepass").decode(
        "utf-8", "surrogatepass"
    ).replace("\\n", "\n").replace("\\r", "\r")


@pytest.mark.parametrize("template", ["{{env.HOME}}", "{% include 'x' %}", "{# note #}", "{{{{x}}}}"])
def test_what_people_wrote_is_no_template_of_promptfoo(template: str) -> None:
    """It would be filled in, from the environment too; in the prompt it still says the same."""
    example = replace(DISLIKED, prompt=(ChatLine(role="user", content=template),), answer=template)
    told = line("promptfoo", example)["vars"]
    assert not any(sign in value for value in told.values() for sign in ("{{", "{%", "{#"))
    assert json.loads(told["messages"])[0]["content"] == template


@pytest.mark.parametrize("reference", ["file:///etc/passwd", "package:x", "https://a.example/x"])
def test_what_an_answer_begins_with_is_fetched_by_nobody(reference: str) -> None:
    """Promptfoo loads what a value names."""
    assert line("promptfoo", replace(DISLIKED, answer=reference))["vars"]["disliked"] == f" {reference}"
