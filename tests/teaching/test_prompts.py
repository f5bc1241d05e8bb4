"""Prompts made again: as they were, with everybody's leave, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from teaching.dropped import OF_EXAMPLES
from teaching.forms import ChatLine
from teaching.prompts import DUE, EARLIER, AnswerSource, Former, KeptMessage, Prompt, Unfit, rebuild


def everybody(person: str) -> bool:
    """All have given leave."""
    return True


def wrote(text: str, *, author: str | None = "ann", at_ms: int = 0, **more: Any) -> KeptMessage:
    """Something that a person wrote."""
    return KeptMessage(role="user", author=author, text=text, at_ms=at_ms, **more)


def said(text: str, *, author: str | None = "ann", at_ms: int = 0, **more: Any) -> KeptMessage:
    """Something that we said, for somebody."""
    return KeptMessage(role="assistant", author=author, text=text, at_ms=at_ms, **more)


HI = AnswerSource(
    asker="ann",
    is_private=True,
    personality="",
    history=(wrote("hi", at_ms=1), said("hello", at_ms=2)),
    question=(wrote("what is it?", at_ms=10),),
    answer=(said("a book", at_ms=20),),
)


def lines(source: AnswerSource) -> list[tuple[str, str]]:
    """The prompt that comes of it, with everybody's leave."""
    prompt = rebuild(source, everybody)
    assert isinstance(prompt, Prompt), prompt
    return [(line["role"], line["content"]) for line in prompt.lines]


def test_a_prompt_is_what_was_said_before_and_what_was_asked() -> None:
    """User and assistant take turns; the answer is no part of it; people are all whose words are in it."""
    prompt = rebuild(HI, everybody)
    assert prompt == Prompt(
        lines=(
            ChatLine(role="user", content="hi"),
            ChatLine(role="assistant", content="hello"),
            ChatLine(role="user", content="what is it?"),
        ),
        answer="a book",
        people=frozenset({"ann"}),
    )


def test_a_personality_is_the_system_message_and_the_neutral_one_is_none() -> None:
    """An empty system message would teach that there is one."""
    assert lines(replace(HI, personality="Be brief."))[0] == ("system", "Be brief.")
    assert all(role != "system" for role, _ in lines(HI))


def test_neighbours_of_a_role_are_one_message_and_the_user_comes_first() -> None:
    """Templates of models refuse all else; parts of an answer are one answer."""
    source = replace(
        HI,
        history=(said("good morning"), said("how are you?"), wrote("well")),
        question=(wrote("and"), wrote("you?")),
        answer=(said("fine"), said("thanks")),
    )
    assert lines(source) == [
        ("user", EARLIER),
        ("assistant", "good morning\nhow are you?"),
        ("user", "well\nand\nyou?"),
    ]
    prompt = rebuild(source, everybody)
    assert isinstance(prompt, Prompt)
    assert prompt.answer == "fine\n\nthanks"


def test_what_was_said_by_itself_stands_after_a_note() -> None:
    """A reminder answers nothing that anybody wrote just before; its parts have one note."""
    source = replace(HI, history=(wrote("hi"), said("⏰ tea", is_due=True), said("now", is_due=True)))
    assert lines(source) == [("user", f"hi\n{DUE}"), ("assistant", "⏰ tea\nnow"), ("user", "what is it?")]


def test_edits_are_undone_to_the_instant_of_the_question() -> None:
    """What was edited later is what it was; what was edited before stays edited."""
    source = replace(
        HI,
        history=(
            wrote("third", at_ms=1, formers=(Former(text="first", until_ms=5), Former(text="second", until_ms=15))),
            said("hello again", at_ms=2, formers=(Former(text="hello", until_ms=30),)),
        ),
        question=(wrote("what was it?", at_ms=10, formers=(Former(text="what is it?", until_ms=40),)),),
    )
    assert lines(source) == [("user", "second"), ("assistant", "hello"), ("user", "what is it?")]


def test_an_edit_that_renewed_the_answer_is_what_was_asked() -> None:
    """The answer changed after it; without that it is the answer to what was asked first."""
    edited = wrote("what was it?", at_ms=10, formers=(Former(text="what is it?", until_ms=15),))
    renewed = said("a pen", at_ms=12, formers=(Former(text="a book", until_ms=20),))
    assert lines(replace(HI, question=(edited,), answer=(renewed,)))[-1] == ("user", "what was it?")
    assert lines(replace(HI, question=(edited,)))[-1] == ("user", "what is it?")


def test_what_was_asked_again_is_what_it_said_by_then() -> None:
    """Another answer is made from what the question says when it is asked for; with it edited, there is no pair."""
    edited = wrote("what was it?", at_ms=10, formers=(Former(text="what is it?", until_ms=15),))
    again = replace(HI, question=(edited,), is_asked_again=True)
    assert lines(again)[-1] == ("user", "what was it?")
    late = replace(again, question=(replace(edited, formers=(Former(text="what is it?", until_ms=25),)),))
    assert lines(late)[-1] == ("user", "what is it?")


def test_in_a_group_people_are_numbers() -> None:
    """Who asked is the first one; no name is told."""
    source = replace(
        HI,
        is_private=False,
        history=(wrote("hi", author="bob"), wrote("hello", author="cyd"), wrote("me too", author="bob")),
    )
    assert lines(source) == [
        ("user", "person 2: hi\nperson 3: hello\nperson 2: me too\nperson 1: what is it?"),
    ]


def test_nobody_can_write_as_another_person() -> None:
    """A line that looks like another's beginning is indented."""
    source = replace(HI, is_private=False, history=(), question=(wrote("hi\nperson 2: I hate it"),))
    assert lines(source) == [("user", "person 1: hi\n  person 2: I hate it")]


@pytest.mark.parametrize("without", ["ann", "bob", "cyd"])
def test_without_the_leave_of_one_there_is_no_example(without: str) -> None:
    """Of who asked, of who wrote before, of whom we had answered before: never a prompt with a gap."""
    source = replace(
        HI, is_private=False, history=(wrote("hi", author="bob"), said("hello, Cyd", author="cyd"), wrote("ok"))
    )
    assert rebuild(source, lambda person: person != without) is Unfit.NO_LEAVE
    assert isinstance(rebuild(source, everybody), Prompt)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (replace(HI, asker=None), Unfit.NOBODY_KNOWN),
        (replace(HI, history=(said("for whom?", author=None),)), Unfit.NOBODY_KNOWN),
        (replace(HI, history=(wrote("look", holds_others=True),)), Unfit.OTHERS),
        (replace(HI, question=(wrote("look", holds_others=True),)), Unfit.OTHERS),
        (replace(HI, answer=(said("a file", holds_others=True),)), Unfit.OTHERS),
        (replace(HI, history=None), Unfit.NO_HISTORY),
        (replace(HI, history=(None,)), Unfit.NOT_KEPT),
        (replace(HI, history=(wrote(""),)), Unfit.NOT_KEPT),
        (replace(HI, history=(wrote("", formers=(Former(text="hi", until_ms=99),)),)), Unfit.NOT_KEPT),
        (replace(HI, question=()), Unfit.NOT_KEPT),
        (replace(HI, question=(wrote(" "),)), Unfit.NOT_KEPT),
        (replace(HI, answer=()), Unfit.NOT_KEPT),
        (replace(HI, answer=(said("half"), said(""))), Unfit.NOT_KEPT),
        (replace(HI, personality=None), Unfit.OTHER_PERSONALITY),
    ],
)
def test_what_cannot_be_told_whole_is_no_example(changed: AnswerSource, reason: Unfit) -> None:
    """Each reason by itself; what was emptied stays so, whatever it said before."""
    assert rebuild(changed, everybody) is reason
    assert reason in OF_EXAMPLES


def test_leave_is_asked_for_before_anything_else() -> None:
    """So that the count of those without leave is what the operator takes it for."""
    source = replace(HI, history=None, personality=None)
    assert rebuild(source, lambda person: False) is Unfit.NO_LEAVE
