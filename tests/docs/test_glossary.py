"""The glossary speaks of words that the code uses, where it says."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import DOCS, prose
from tests.house import CHECKOUT

ENTRY = re.compile(r"^- \*\*(\w+)\*\*: (.+?)(?=\n- |\n\n|\Z)", re.MULTILINE | re.DOTALL)
ENTRIES = ENTRY.findall(prose(DOCS / "explanation" / "glossary.md"))
TERMS = {
    *(
        "abilities",
        "arrival",
        "aside",
        "beat",
        "bulk",
        "claim",
        "control",
        "conversation",
        "delta",
        "effects",
        "envelope",
    ),
    *(
        "fingerprint",
        "form",
        "frame",
        "history",
        "journal",
        "kind",
        "label",
        "lane",
        "layer",
        "letter",
        "mark",
        "needs",
    ),
    *(
        "occurrence",
        "origin",
        "outcome",
        "passage",
        "placeholder",
        "pseudonym",
        "rank",
        "rating",
        "receipt",
        "run",
        "session",
        "source",
    ),
    *("speech", "stage", "subject", "thread", "turn", "unit", "variant", "witness"),
}


@pytest.mark.parametrize(("term", "text"), ENTRIES, ids=[term for term, _ in ENTRIES])
def test_a_word_is_used_in_the_files_that_it_is_said_to_live_in(term: str, text: str) -> None:
    """In each of them, so that whoever opens one meets the word."""
    files = re.findall(r"`([\w/]+\.py)`", text)
    assert files
    for file in files:
        assert term.lower() in (CHECKOUT / file).read_text(encoding="utf-8").lower(), f"{file} knows no {term}"


def test_every_word_of_ours_is_explained_once() -> None:
    """Those that mean something here that no dictionary tells."""
    assert sorted(term.lower() for term, _ in ENTRIES) == sorted(TERMS)
