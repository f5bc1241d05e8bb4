"""JSON of any content, often with names that updates have."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
names = st.sampled_from(
    [
        *("message", "chat", "id", "entities", "type", "offset", "length", "message_id", "is_topic_message", "text"),
        *("from", "user", "sender_chat", "actor_chat", "reply_to_message", "media_group_id", "first_name", "title"),
    ]
)
trees: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)
