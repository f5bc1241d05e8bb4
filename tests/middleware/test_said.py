"""All that a message says, as one line: labelled, within a limit, and proof against forging."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from middleware.incoming import Incoming
from middleware.said import said
from storage.parts import Part
from tests import examples

WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(['"}\n{"kind":"forwarded"', "parts: ", "\u2028", "\x85", "\u202e", "\\", '"],"text":"', "x" * 900]),
)
CONTENTS = st.fixed_dictionaries({}, optional={"from": WORDS, "text": WORDS, "url": WORDS})
PARTS = st.lists(st.builds(Part, kind=st.sampled_from(["replied_to", "quote", "link"]), content=CONTENTS), max_size=5)
ATTACHED = st.none() | st.fixed_dictionaries({"question": WORDS, "options": st.lists(WORDS, max_size=4)})


def message(text: str, *parts: Part, attachment: dict[str, Any] | None = None) -> Incoming:
    """A message of this."""
    kind = "text" if attachment is None else "poll"
    return Incoming(telegram_message_id=1, kind=kind, text=text, attachment=attachment, parts=parts)


def quote(text: str) -> Part:
    """Another's words."""
    return Part(kind="quote", author_id="7", content={"from": "Bob", "text": text})


@given(text=WORDS, name=WORDS, parts=PARTS, attachment=ATTACHED)
def test_nothing_that_was_typed_can_look_like_a_label(
    text: str, name: str, parts: list[Part], attachment: dict[str, Any] | None
) -> None:
    """It is one line, and read again each word stands where it was put."""
    line = said(message(text, *parts, attachment=attachment), limit=100_000, about={"from": name})
    assert len(line.splitlines()) == 1
    expected: dict[str, Any] = {"from": name, "text": text}
    if parts:
        expected["parts"] = [{"kind": part.kind, **part.content} for part in parts]
    if attachment is not None:
        expected["attachments"] = [{"kind": "poll", **attachment}]
    assert json.loads(line) == expected


@examples(100)
@given(text=WORDS, parts=PARTS, attachment=ATTACHED, limit=st.integers(150, 1_000))
def test_it_stays_within_the_limit_and_says_what_is_missing(
    text: str, parts: list[Part], attachment: dict[str, Any] | None, limit: int
) -> None:
    """Whatever is in it; what is there is the beginning of what was."""
    line = said(message(text, *parts, attachment=attachment), limit=limit)
    assert len(line) <= limit
    told = json.loads(line)
    assert text.startswith(told["text"])
    assert (told["text"] == text) or f"{len(text) - len(told['text'])} more characters" in told["note"]
    for part, shown in zip(parts, told.get("parts", []), strict=False):
        missing = 0
        for name, words in part.content.items():
            assert words.startswith(shown[name])
            missing += len(words) - len(shown[name])
        assert shown.get("left_out", 0) == missing
    kept = len(told.get("parts", [])) + len(told.get("attachments", []))
    left = len(parts) + (attachment is not None) - kept
    assert (f"{left} more parts are left out." in told.get("note", "")) == (left > 0)


def test_what_is_short_stays_whole_beside_what_is_long() -> None:
    """A question about a huge quote is not cut, nor is a short quote beside a long text."""
    asked = json.loads(said(message("Is that true?", quote("long " * 800)), limit=400))
    assert asked["text"] == "Is that true?"
    assert asked["parts"][0]["from"] == "Bob"
    assert len(asked["parts"][0]["text"]) + asked["parts"][0]["left_out"] == 4_000
    told = json.loads(said(message("long " * 800, quote("Cats can fly.")), limit=400))
    assert told["parts"] == [{"kind": "quote", "from": "Bob", "text": "Cats can fly."}]
    assert len(told["text"]) > 200


def test_the_limit_is_in_whatever_is_counted() -> None:
    """As tokens, of which another sign may have more."""
    line = said(message("語" * 500, quote("x")), limit=300, size=lambda text: len(text.encode()))
    assert 250 < len(line.encode()) <= 300


def test_what_is_for_telegram_only_is_not_told() -> None:
    """Ids of files, wherever they stand; sizes are said as people say them."""
    file = {"fileId": "secret", "uniqueId": "secret", "album": "secret", "size": 120_000, "name": "a.pdf"}
    part = Part(kind="replied_to", content={"attachment": {"kind": "video_note", **file}})
    line = said(message("so", part, attachment=file), limit=1_000)
    assert "secret" not in line
    told = json.loads(line)
    assert told["attachments"] == [{"kind": "poll", "size": "120 kB", "name": "a.pdf"}]
    assert told["parts"] == [
        {"kind": "replied_to", "attachment": {"kind": "video note", "size": "120 kB", "name": "a.pdf"}}
    ]
