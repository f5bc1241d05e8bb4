"""Updates of every kind that Telegram is asked for, as it documents them, with fields of tomorrow in between."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from emulator.media import CONTENTS, content
from tests.bot.trees import trees

Fields = st.SearchStrategy[dict[str, Any]]

ids = st.integers(1, 2**52 - 1)
dates = st.integers(0, 2**31)
words = st.text(max_size=12)
flags = st.booleans()
places = st.integers(0, 20)


def fields(required: dict[str, Any], **optional: Any) -> Fields:
    """An object with these fields, and perhaps one of tomorrow."""
    return st.fixed_dictionaries(required, optional={**optional, "of_tomorrow": trees})


people = fields({"id": ids, "is_bot": flags, "first_name": words}, last_name=words, username=words)
chats = fields(
    {"id": ids | ids.map(lambda n: -n), "type": st.sampled_from(["private", "group", "supergroup", "channel"])},
    title=words,
    username=words,
    is_forum=flags,
)
entities = fields(
    {
        "type": st.sampled_from(["mention", "bot_command", "bold", "text_link", "text_mention", "of_tomorrow"]),
        "offset": places,
        "length": places,
    },
    url=words,
    user=people,
)
told = {"file_id": words, "file_unique_id": words}
pictures = fields({**told, "width": ids, "height": ids}, file_size=ids)
clips = {"width": ids, "height": ids, "duration": places}
degrees = st.floats(-180, 180)
points = fields({"latitude": degrees, "longitude": degrees}, live_period=places)
options = fields({"text": words, "voter_count": places, "persistent_id": words})
polls = fields(
    {
        "id": words,
        "question": words,
        "options": st.lists(options, max_size=3),
        "total_voter_count": places,
        **dict.fromkeys(("is_closed", "is_anonymous", "allows_multiple_answers", "allows_revoting"), flags),
        "members_only": flags,
        "type": st.sampled_from(["regular", "quiz"]),
    },
    explanation=words,
)
tasks = fields({"id": ids, "text": words}, completion_date=dates)
stories = fields({"chat": chats, "id": ids})
PRIZES = {"chats": [], "winners_selection_date": 1, "winner_count": 1}
PRICE = {"title": "t", "description": "d", "start_parameter": "s", "currency": "EUR", "total_amount": 1}
parts = st.one_of(
    fields({"text": words}, entities=st.lists(entities, max_size=3)),
    fields({"photo": st.lists(pictures, min_size=1, max_size=3)}, caption=words),
    fields({"document": fields(told, file_name=words, mime_type=words, file_size=ids)}, media_group_id=words),
    fields({"animation": fields({**told, **clips}, file_name=words, mime_type=words)}),
    fields({"video": fields({**told, **clips}, mime_type=words)}, caption_entities=st.lists(entities, max_size=2)),
    fields({"audio": fields({**told, "duration": places}, title=words, mime_type=words)}),
    st.sampled_from(sorted(CONTENTS)).map(lambda kind: content(kind, 9)),
    fields({"location": points}),
    fields({"venue": fields({"location": points, "title": words, "address": words})}, location=points),
    fields({"contact": fields({"phone_number": words, "first_name": words}, last_name=words, user_id=ids)}),
    fields({"poll": polls}),
    fields({"game": fields({"title": words, "description": words, "photo": st.lists(pictures, max_size=1)})}),
    fields({"story": stories}),
    fields({"invoice": st.just(PRICE)}),
    fields({"giveaway": st.just(PRIZES)}),
    fields({"paid_media": st.just({"star_count": 1, "paid_media": []})}),
    fields({"checklist": fields({"title": words, "tasks": st.lists(tasks, max_size=3)})}),
    fields({"migrate_to_chat_id": ids.map(lambda n: -n)}),
    fields({"left_chat_member": people}),
    fields({"new_chat_title": words}),
)
origins = st.one_of(
    fields({"type": st.just("hidden_user"), "date": dates, "sender_user_name": words}),
    fields({"type": st.just("user"), "date": dates, "sender_user": people}),
    fields({"type": st.just("chat"), "date": dates, "sender_chat": chats}, author_signature=words),
    fields({"type": st.just("channel"), "date": dates, "chat": chats, "message_id": ids}, author_signature=words),
)
heads = fields({"message_id": ids, "date": dates, "chat": chats}, **{"from": people, "sender_chat": chats})
replied = st.tuples(heads, parts).map(lambda both: both[0] | both[1])
CARRIED = {"photo", "location", "contact", "poll", "venue", "dice", "checklist", "sticker", "voice", "story"}
external = st.tuples(fields({"origin": origins}, chat=chats), parts).map(
    lambda both: both[0] | {name: value for name, value in both[1].items() if name in CARRIED}
)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    """A message of any content, anywhere, by anybody."""
    optional = {
        "from": people,
        "sender_chat": chats,
        "edit_date": dates,
        "message_thread_id": ids,
        "is_topic_message": st.just(True),
        "reply_to_message": replied,
        "forward_origin": origins,
        "external_reply": external,
        "quote": fields({"text": words, "position": places}),
        "reply_to_story": stories,
    }
    place: dict[str, Any] = draw(fields({"message_id": ids, "date": dates, "chat": chats}, **optional))
    part: dict[str, Any] = draw(parts)
    return place | part


emoji = st.one_of(
    fields({"type": st.just("emoji"), "emoji": words}),
    fields({"type": st.just("custom_emoji"), "custom_emoji_id": words}),
    fields({"type": st.sampled_from(["paid", "of_tomorrow"])}),
)
about = {"chat": chats, "message_id": ids, "date": dates}
reactions = fields(
    {**about, "old_reaction": st.lists(emoji, max_size=3), "new_reaction": st.lists(emoji, max_size=3)},
    user=people,
    actor_chat=chats,
)
totals = fields({**about, "reactions": st.lists(fields({"type": emoji, "total_count": places}), max_size=3)})
presses = fields(
    {"id": words, "from": people, "chat_instance": words},
    message=messages() | fields({"chat": chats, "message_id": ids, "date": st.just(0)}),
    data=words,
)
RIGHTS = dict.fromkeys(
    (
        *("can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos"),
        *("can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages"),
        *("can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics"),
        *("can_edit_tag", "can_react_to_messages"),
    ),
    True,
)
members = st.one_of(
    fields({"status": st.sampled_from(["member", "left", "of_tomorrow"]), "user": people}),
    fields({"status": st.just("kicked"), "user": people, "until_date": dates}),
    fields({"status": st.just("restricted"), "user": people, "is_member": flags, "until_date": dates}).map(
        lambda member: RIGHTS | member
    ),
)
memberships = fields(
    {"chat": chats, "from": people, "date": dates, "old_chat_member": members, "new_chat_member": members}
)
CONTENT: dict[str, Fields] = {
    "message": messages(),
    "edited_message": messages(),
    "channel_post": messages(),
    "edited_channel_post": messages(),
    "callback_query": presses,
    "message_reaction": reactions,
    "message_reaction_count": totals,
    "my_chat_member": memberships,
    "chat_member": memberships,
}
"""The content of an update of each kind."""
