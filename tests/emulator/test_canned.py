"""The canned model is honest: it says what it is, what it can do, and nothing that no tool has confirmed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.model.canned import CANNED, WHAT_I_AM, reply
from emulator.model.samples import MARKDOWN

TOOLS = {
    "propose_automation": ("schedule", "prompt"),
    "remember": ("fact",),
    "forget": ("fact",),
}
BEFORE = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": WHAT_I_AM}]


def asked(*said: str, tools: tuple[str, ...] = (), knows: tuple[str, ...] = (), **line: Any) -> dict[str, Any]:
    """A request of somebody who has said this, the last just now, and has been told what the model is."""
    lines = [{"text": text} for text in said]
    lines[-1] |= line
    content = "\n".join(json.dumps(each) for each in lines)
    forms: dict[str, Any] = {name: {"properties": {parameter: {} for parameter in TOOLS[name]}} for name in tools}
    offered = [{"type": "function", "function": {"name": name, "parameters": form}} for name, form in forms.items()]
    system = {"role": "system", "content": f"memories: {json.dumps(knows)}"}
    return {"messages": [system, *BEFORE, {"role": "user", "content": content}], "tools": offered}


def said_to(text: str, **options: Any) -> str:
    """The whole answer, which calls no tool."""
    answer = reply(asked(text, **options))
    assert answer.tool is None
    return answer.said


def test_its_first_answer_says_what_it_is() -> None:
    """Once in what it sees of a conversation, and whenever somebody asks."""
    first = {"messages": [{"role": "user", "content": "thanks"}]}
    assert reply(first).said == f"You are welcome.\n\n{WHAT_I_AM}"
    assert said_to("thanks") == "You are welcome."
    for question in ("what are you?", "Are you a real person?", "what can you do?", "help"):
        assert said_to(question).startswith(WHAT_I_AM)


@pytest.mark.parametrize(
    "request_",
    [
        "remind me every day at 18:00 to stretch",
        "Could you please remind me tomorrow at 9 to call mum",
        "@polar_bot, set up a reminder for Friday at 9 to call mum",
        "Erinnere mich morgen um 9 daran, die Blumen zu gießen",
        "kannst du mich bitte morgen um 9 an die Blumen erinnern",
        "rappelle-moi demain à 9 h d'appeler maman",
        "recuérdame mañana a las 9 llamar a mamá",
        "lembre-me amanhã às 9 de ligar",
        "напомни мне завтра в 9 позвонить",
    ],
)
def test_a_reminder_is_handed_on_in_the_persons_own_words(request_: str) -> None:
    """It reads no time itself, so whoever offers the tool reads each language that it knows; it claims nothing."""
    answer = reply(asked(request_, tools=("propose_automation",)))
    own_words = request_.removeprefix("@polar_bot, ")
    assert answer.tool == ("propose_automation", json.dumps({"schedule": own_words, "prompt": ""}))
    assert answer.said == ""


@pytest.mark.parametrize(
    ("said", "call"),
    [
        ("my bike is green", ("remember", {"fact": "my bike is green"})),
        ("I like figs", ("remember", {"fact": "I like figs"})),
        ("Call me Zoe", ("remember", {"fact": "Call me Zoe"})),
        ("forget that my bike is green", ("forget", {"fact": "my bike is green"})),
    ],
)
def test_a_fact_is_kept_and_forgotten_by_a_tool(said: str, call: tuple[str, dict[str, str]]) -> None:
    """By the one that is offered; it says nothing of what becomes of that."""
    answer = reply(asked(said, tools=tuple(TOOLS)))
    assert answer.tool == (call[0], json.dumps(call[1]))
    assert answer.said in ("", "Thank you for telling me.")


@pytest.mark.parametrize("said", ["remind me at 9 to eat", "my bike is green", "I like figs", "forget my bike"])
def test_without_a_tool_it_says_that_it_cannot(said: str) -> None:
    """Nothing is noted, so it does not say so."""
    assert "I cannot" in said_to(said)
    assert "no tool for it is offered" in said_to(said)


def test_what_a_tool_answers_is_told_as_it_is() -> None:
    """An error is told; a question that looked like a request is answered from what is known, where it can be."""

    def after(result: object, said: str, **options: Any) -> str:
        request = asked(said, **options)
        called = {"role": "assistant", "tool_calls": [{"id": "c"}]}
        result_ = {"role": "tool", "tool_call_id": "c", "content": json.dumps(result)}
        return reply({**request, "messages": [*request["messages"], called, result_]}).said

    assert after({"error": "no such day"}, "remind me on 30 February to rest") == "That did not work: no such day"
    assert after({"kept": True}, "my bike is green") == "Thank you."
    told = after({"error": "?"}, "can you remind me what my bike is like?", knows=("my bike is green",))
    assert told == "You told me:\n\n> my bike is green"


def test_it_finds_what_it_was_told() -> None:
    """What is remembered, else what was said, the newest first; it does not make anything up."""
    assert said_to("what colour is my bike?", knows=("my bike is green",)) == "You told me:\n\n> my bike is green"
    earlier = asked("my bike is red", "my bike is\nblue", "which colour has my bike?")
    assert reply(earlier).said == "You told me:\n\n> my bike is\n> blue"
    asked_to = asked("please remember that I like figs", "remind me to like it", "what do I like?")
    assert reply(asked_to).said == "You told me:\n\n> I like figs"
    assert said_to("who won?").startswith("I do not know that.")


def test_what_it_can_make_nothing_of_it_says_and_what_it_can_do() -> None:
    """Of the tools it names those that are offered."""
    told = said_to("Lorem ipsum.", tools=("remember",))
    assert told.startswith(f"I am *{CANNED}*, and can make nothing of that.")
    assert "my bike is green" in told
    assert "remind me" not in told
    assert "remind me" in said_to("Lorem ipsum.", tools=("propose_automation",))


def test_it_sees_what_came_along() -> None:
    """A file by its kind, a quotation by its words; both honestly."""
    assert "photo" in said_to("", attachments=[{"kind": "photo"}])
    assert "> the *end*" in said_to("I mean this", parts=[{"kind": "quote", "text": "the *end*"}])


def test_what_is_due_is_said_and_nothing_else() -> None:
    """As a reminder is; nobody has asked just now."""
    assert said_to("stretch your legs", note="This is a scheduled automation, due now") == "⏰ stretch your legs"


def test_it_shows_markdown() -> None:
    """Of each kind a little."""
    assert said_to("show me a table") == MARKDOWN
    assert all(sign in MARKDOWN for sign in ("|---", "```", "**", "](", "> ", "- ", "1. "))
