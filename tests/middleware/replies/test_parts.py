"""What a reply is sent as: never more messages than it may take."""

from __future__ import annotations

import pytest

from middleware.replies.parts import parts
from middleware.turn import Document, Reply


@pytest.mark.parametrize("most", [2, 8])
@pytest.mark.parametrize("document", [None, "a file", "", "large"])
@pytest.mark.parametrize("length", [10, 1_100, 5_000, 60_000, 5_000_000])
def test_a_reply_takes_no_more_messages_than_it_may(
    most: int, document: str | None, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it brings along: a document, one that cannot be sent, or none."""
    monkeypatch.setattr("middleware.replies.parts.DOCUMENT_LIMIT", 5_000_000)
    content = "y" * 5_000_001 if document == "large" else document
    brought = None if content is None else Document("a.txt", content)
    said = list(parts(Reply(text="x" * length, document=brought), most))
    assert 1 <= len(said) <= most
