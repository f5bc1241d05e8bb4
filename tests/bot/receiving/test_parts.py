"""The parts of messages of any form, also of such as nobody documents."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.receiving.attachments import describe
from bot.receiving.forms import MessageForm
from bot.receiving.parts import parts_of
from bot.receiving.reading import read_update
from storage.parts import KINDS
from storage.text import clean
from tests import examples
from tests.bot.receiving.updates import CONTENT
from tests.bot.trees import trees


def form_of(content: dict[str, Any]) -> MessageForm:
    """A message, as it is read."""
    _, _, form = read_update(json.dumps({"update_id": 1, "message": content}).encode())
    assert isinstance(form, MessageForm)
    return form


@examples(15)
@given(content=CONTENT["message"], spoiled=st.sampled_from(["reply_to_message", "external_reply", "quote"]), tree=trees)
def test_whatever_is_sent_has_parts_that_can_be_stored(content: dict[str, Any], spoiled: str, tree: Any) -> None:
    """JSON without NULs and lone surrogates, of kinds that we know; no field of any type keeps back the rest."""
    for message in (content, {**copy.deepcopy(content), spoiled: tree}):
        form = form_of(message)
        for part in parts_of(form, 42):
            written = json.dumps(part.content, ensure_ascii=False, allow_nan=False)
            assert part.kind in KINDS
            assert clean(written) == written
            assert "\\u0000" not in written
        json.dumps(describe(form), ensure_ascii=False, allow_nan=False).encode()


def test_one_field_of_another_type_leaves_out_that_field() -> None:
    """The others are told; marks that lie nowhere in the text mark nothing."""
    replied = {"message_id": "three", "from": {"id": "x", "first_name": "Bob"}, "text": "hello", "poll": 7}
    links = [
        {"type": "text_link", "offset": 0, "length": 3, "url": 5},
        {"type": "text_link", "offset": -4, "length": 400, "url": "https://a.example"},
        {"type": "text_link", "offset": 90, "length": 4, "url": "https://b.example"},
        "no mark",
    ]
    chat = {"id": 5, "type": "private"}
    message = {"message_id": 1, "chat": chat, "text": "see", "entities": links, "reply_to_message": replied}
    told = [(part.kind, part.author_id, part.content) for part in parts_of(form_of(message), 42)]
    assert told == [
        ("replied_to", "", {"from": "Bob", "text": "hello"}),
        ("link", "", {"text": "see", "url": "https://a.example"}),
        ("link", "", {"text": "", "url": "https://b.example"}),
    ]
