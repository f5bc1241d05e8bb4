"""The forms of a dataset: each makes a line of an example, as the tools that read it want it.

No line holds a null, as a column of nothing else has no type; nor `messages` beside `prompt`, by which TRL tells what
to do with a row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

JsonLine = Mapping[str, Any]
Takes = Literal["any", "liked", "disliked", "pairs"]
"""The examples that a form is made of: all that were rated, those that were liked, or disliked, or two to a prompt."""

BETTER = "Clearly better than: {{disliked}}"
"""What a new answer is held to."""
_TEMPLATE = re.compile(r"\{(?=[{%#])")
"""The first sign of what promptfoo takes for a template, in whatever it is given."""
_REFERENCE = re.compile(r"^(?=(?:file|https?)://|package:|python:)")
"""The beginning of what promptfoo takes for something that it is to fetch."""


class ChatLine(TypedDict):
    """A message, as all of these tools have it."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An answer that somebody has rated, with the prompt that it was made from; `id` and `person` say whose it is not.

    `worse` is the answer that was disliked before it, where there are two to one prompt.
    """

    id: str
    person: str
    prompt: Sequence[ChatLine]
    answer: str
    is_liked: bool
    is_whole: bool = True
    model: str = ""
    at_ms: int
    worse: str = ""


@dataclass(frozen=True, slots=True)
class DatasetForm:
    """A form: its name, what it is for, which examples it takes, and how a line of it is made of one."""

    name: str
    use: str
    takes: Takes
    line: Callable[[Example], JsonLine]

    def takes_example(self, example: Example) -> bool:
        """True of an example that has a line in this form: what is to be imitated must be whole, too."""
        match self.takes:
            case "liked":
                return example.is_liked and example.is_whole
            case "disliked":
                return not example.is_liked
        return self.takes == "any" or bool(example.worse)


def written(line: JsonLine) -> str:
    """A line of a file, without its end. What ends a line elsewhere is written so that it ends none here."""
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    # Halves of a character that stand alone have no bytes.
    return re.sub("[\x85\u2028\u2029\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _kto(example: Example) -> JsonLine:
    return {
        "prompt": list(example.prompt),
        "completion": [_said(example.answer)],
        "label": example.is_liked,
        "id": example.id,
        "person": example.person,
        "model": example.model,
        "at_ms": example.at_ms,
    }


def _dpo(example: Example) -> JsonLine:
    return {
        "prompt": list(example.prompt),
        "chosen": [_said(example.answer)],
        "rejected": [_said(example.worse)],
        "id": example.id,
        "person": example.person,
        "at_ms": example.at_ms,
    }


def _sft(example: Example) -> JsonLine:
    return {"messages": [*example.prompt, _said(example.answer)]}


def _openai_dpo(example: Example) -> JsonLine:
    return {
        "input": {"messages": list(example.prompt)},
        "preferred_output": [_said(example.answer)],
        "non_preferred_output": [_said(example.worse)],
    }


def _promptfoo(example: Example) -> JsonLine:
    # What people wrote is no template: within JSON a brace may be written by its number, elsewhere a blank parts two.
    messages = _TEMPLATE.sub(r"\\u007b", json.dumps(list(example.prompt), ensure_ascii=False))
    disliked = _REFERENCE.sub(" ", _TEMPLATE.sub("{ ", example.answer))
    return {
        "description": f"disliked answer {example.id}",
        "vars": {"messages": messages, "disliked": disliked},
        "assert": [{"type": "llm-rubric", "value": BETTER}],
        "metadata": {
            "id": example.id,
            "person": example.person,
            "model": example.model,
            "at_ms": example.at_ms,
        },
    }


def _said(text: str) -> ChatLine:
    return {"role": "assistant", "content": text}


FORMS: Mapping[str, DatasetForm] = {
    form.name: form
    for form in (
        DatasetForm("kto", "TRL's KTOTrainer", "any", _kto),
        DatasetForm("dpo", "TRL's DPOTrainer and ORPOTrainer", "pairs", _dpo),
        DatasetForm("sft", "TRL's SFTTrainer, fine-tuning at OpenAI", "liked", _sft),
        DatasetForm("openai-dpo", "preference fine-tuning at OpenAI, Together and Fireworks", "pairs", _openai_dpo),
        DatasetForm("promptfoo", "promptfoo: regression tests of answers that were disliked", "disliked", _promptfoo),
    )
}
"""By name."""
