"""A canned model: it says that it is one, and nothing that no tool has confirmed.

It finds what it was told, by its words, hands a person's own words to the tools that are offered, and writes Markdown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from .answers import Answer
from .asked import Asked, Json
from .samples import ABOUT, MARKDOWN, long_answer

CANNED = "canned"
"""The word by which it says what it is; once in what it can see of a conversation."""
WHAT_I_AM = f"I am a *{CANNED}* model for demonstrations, not a language model."
_REMIND = re.compile(
    r"\W*(?:[\w']+\W+){0,4}?(?:remind me\b|set (?:\w+ ){0,2}a reminder\b|erinner\w* mich\b|mich\b.*\berinnern\b|"
    r"recuérdame|recordarme|avísame|rappel\w*[- ]moi|me rappeler|lembr\w*-me|me lembr\w*|me avise|avise-me|напомни)",
    re.IGNORECASE | re.DOTALL,
)
_FORGET = re.compile(r"(?:please,? )?forget (?:that |about )?(?P<what>.+)", re.IGNORECASE | re.DOTALL)
_ASKED = re.compile(r"\A(?:please,? )?remember(?: that\b|:)? ", re.IGNORECASE)
_FACT = re.compile(
    r"(?:please,? )?(?:remember\b|my [\w' -]+ (?:is|are)\b|i (?:like|love|prefer|hate|live|work)\b|call me\b)",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"(?:what|which|who|where|when|how)\b.*\?|[^.!]*\?\s*", re.IGNORECASE | re.DOTALL)
_SAID: tuple[tuple[str, Callable[[], str]], ...] = (
    (r".*\blong answer\b", long_answer),
    (r".*(?:\bhow do you work\b|\bexplain\b)", lambda: ABOUT),
    (r".*\b(?:markdown|table|code|a list|links?)\b", lambda: MARKDOWN),
    (r"(?:hi|hello|hey|hallo|good \w+)\b", lambda: f"Hello! {WHAT_I_AM} Ask me *what I can do*."),
    (r"(?:thanks|thank you|danke)\b", lambda: "You are welcome."),
    (r".*\bhow are you\b", lambda: f"Always the same: I am *{CANNED}*."),
)
_WHO = re.compile(
    r".*(?:\bwh(?:o|at) are you\b|\bwhat can you\b|\bwhat you can do\b|\bare you (?:an? )?\w+)|help\b", re.I
)
_WORD = re.compile(r"\w{3,}")
_EMPTY = {"what", "which", "who", "where", "when", "how", "the", "you", "are", "and", "was", "does", "did", "have"}


def reply(request: Json) -> Answer:
    """The answer to the newest message, from nothing but the request."""
    asked = Asked.of(request)
    if asked.is_due:
        return Answer(text=f"⏰ {asked.newest}")
    if asked.result is not None:
        return Answer(text=_of_result(asked))
    call = _call(asked)
    if call is None:
        return Answer(text=_introduced(asked, _talk(asked)))
    said = "Thank you for telling me." if call[0] == "remember" else ""
    return Answer(text=_introduced(asked, said), tool=call)


def _introduced(asked: Asked, text: str) -> str:
    """With what it is, where that has not been said."""
    if any(CANNED in said for said in (*asked.answers, text)):
        return text
    return f"{text}\n\n{WHAT_I_AM}" if text else WHAT_I_AM


def _call(asked: Asked) -> tuple[str, str] | None:
    """The tool that the newest message wants, if it is offered, with the person's own words: others read them."""
    said = asked.newest.strip()
    if _REMIND.match(said):
        schedules = (name for name, given in asked.tools.items() if {"schedule", "prompt"} <= set(given))
        name = next(schedules, None)
        return None if name is None else (name, json.dumps({"schedule": said, "prompt": ""}))
    if _is_fact(said) and "fact" in asked.tools.get("remember", ()):
        return "remember", json.dumps({"fact": said})
    if (match := _FORGET.match(said)) and (given := asked.tools.get("forget")):
        return "forget", json.dumps({given[0]: match["what"]})
    return None


def _is_fact(said: str) -> bool:
    return _FACT.match(said) is not None and "?" not in said


def _of_result(asked: Asked) -> str:
    """What a tool has answered, no more and no less."""
    assert asked.result is not None
    if "error" not in asked.result:
        return "Thank you."
    closest = _recall(asked) if _QUESTION.fullmatch(asked.newest) else None
    return closest or f"That did not work: {asked.result['error']}"


def _talk(asked: Asked) -> str:
    said = asked.newest.strip()
    if _REMIND.match(said):
        return "I cannot remind you here: no tool for it is offered to me."
    if _is_fact(said):
        return (
            "I cannot keep that: no tool for it is offered to me. As long as it is among the newest messages, "
            "I find it there."
        )
    if _FORGET.match(said):
        return "I cannot forget that: no tool for it is offered to me."
    if asked.attached:
        return f"I see that a file came with this ({asked.attached}), but I cannot look into it."
    if _WHO.match(said):
        return _abilities(asked, WHAT_I_AM)
    for pattern, answer in _SAID:
        if re.match(pattern, said, re.IGNORECASE | re.DOTALL):
            return answer()
    if _QUESTION.fullmatch(said):
        return _recall(asked) or "I do not know that. I only find what you have told me here, by its words."
    if asked.quoted:
        return f"You speak of this:\n\n{_quote(asked.quoted)}\n\nMore than that I cannot say: I am *{CANNED}*."
    return _abilities(asked, f"I am *{CANNED}*, and can make nothing of that.")


def _abilities(asked: Asked, first: str) -> str:
    offers = [
        ("remind me every day at 18:00 to stretch", "I propose it", "propose_automation"),
        ("my bike is green", "I have it kept", "remember"),
        ("what colour is my bike?", "I find what you told me", ""),
        ("show me Markdown", "code, a table, a list and a link", ""),
        ("give me a long answer", "it grows; `/stop` ends it", ""),
        ("explain how you work", "how Polar keeps what you say", ""),
    ]
    lines = (f"- `{written}`: {what}" for written, what, tool in offers if not tool or tool in asked.tools)
    return "\n".join([f"{first} What I can answer:\n", *lines])


def _recall(asked: Asked) -> str | None:
    """What was told before, and is closest to the question."""
    told = [text for text in asked.earlier if not (_QUESTION.fullmatch(text) or _REMIND.match(text))]
    closest = _closest(asked.newest, list(asked.known)) or _closest(asked.newest, told)
    return f"You told me:\n\n{_quote(_ASKED.sub('', closest))}" if closest else None


def _quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _closest(question: str, texts: list[str]) -> str | None:
    """The text that shares the most words with a question; the newest among equals."""
    asked = _words(question)
    best = max(reversed(texts), key=lambda text: len(asked & _words(text)), default="")
    return best if asked & _words(best) else None


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - _EMPTY
