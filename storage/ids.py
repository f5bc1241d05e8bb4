"""The forms of names: each is made, and read again, here alone. They are stored, so none of them ever changes."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha1
from typing import Literal
from uuid import NAMESPACE_URL

Side = Literal["answer", "control"]
"""Which of a conversation's two lanes an update takes."""
RunSource = Literal["automation", "heartbeat"]
"""The kind of subject that a run is of."""

SESSION = "telegram:chat:"
RECEIVED, SENT = "msg_u_", "msg_a_"
"""The beginnings of message ids: of those that people wrote, and of ours. Telegram's number follows."""
ROOT_THREAD, REPLY_THREAD, TOPIC_THREAD = "root:", "reply:", "topic:"
FIRST_REPLIES = "update:%:%:0:0"
"""As LIKE: the first part of the first reply to an update."""
THUMB_UP, THUMB_DOWN = "fb:+", "fb:-"
"""The data of the two feedback buttons."""
ANOTHER = "another:"
"""The beginning of the data of the button that asks for another answer in place of a message, whose number follows."""
LANES_OF: dict[Side, str] = {"answer": "LIKE '%:answer'", "control": "NOT LIKE '%:answer'"}
"""As SQL behind a lane: that it is one of this side."""
_EVENTS = NAMESPACE_URL.bytes + b"polar:"
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
"""As RFC 9562 has two bits of a UUID fixed."""
_UPDATE = "update:"
_PLACEHOLDER = ":placeholder"
_NOTICE = "notice:"
_RUN = {"automation": "run", "heartbeat": "beat"}


# Sessions and who takes part


@lru_cache(maxsize=1_000)
def session_id_of(chat_id: int) -> str:
    """The session of a Telegram chat; the form is shared with the earlier runtime."""
    return f"{SESSION}{chat_id}"


@lru_cache(maxsize=1_000)
def chat_id_of(session_id: str) -> int:
    """The Telegram chat of a session; raises ValueError for a session of another kind."""
    if not session_id.startswith(SESSION):
        raise ValueError(f"{session_id!r} is no Telegram session")
    return int(session_id[len(SESSION) :])


def place_named(session_id: str) -> str:
    """A session as pages name it: the number of a Telegram chat, any other as it is."""
    return session_id.removeprefix(SESSION)


def user_id_of_chat(chat_id: int) -> str:
    """The user id of whoever speaks as a chat: an anonymous admin, a channel."""
    return f"chat:{chat_id}"


# Threads


def root_thread(chat_id: int) -> str:
    """The thread of what is said in a chat outside of topics and replies."""
    return f"{ROOT_THREAD}{chat_id}"


def topic_thread(chat_id: int, topic_id: int) -> str:
    """The thread of a topic of a forum."""
    return f"{TOPIC_THREAD}{chat_id}:{topic_id}"


def topics_of(chat_id: int) -> tuple[str, str]:
    """The span, without its end, in which the names of all topics of a chat are."""
    return f"topic:{chat_id}:", f"topic:{chat_id};"


def conversation_named(session_id: str, thread_key: str) -> str:
    """The conversation that something is said in: the topic of a forum, else the whole chat."""
    return thread_key if thread_key.startswith("topic:") else session_id


def reply_thread(chat_id: int, replied_id: int) -> str:
    """The thread of the replies to a message."""
    return f"{REPLY_THREAD}{chat_id}:{replied_id}"


def topic_in(thread_key: str) -> int | None:
    """The topic of a topic's thread; None for a thread of another kind."""
    return int(thread_key.rpartition(":")[2]) if thread_key.startswith(TOPIC_THREAD) else None


def replied_in(thread_key: str) -> int | None:
    """The message that a thread of replies replies to; None for a thread of another kind."""
    return int(thread_key.rpartition(":")[2]) if thread_key.startswith(REPLY_THREAD) else None


def told_in(thread_key: str) -> str:
    """The thread in which a message is remembered: replies in a private chat, whose id is positive, are its root's."""
    is_reply = thread_key.startswith(REPLY_THREAD) and not thread_key.startswith(f"{REPLY_THREAD}-")
    return root_thread(int(thread_key.split(":")[1])) if is_reply else thread_key


# Messages


def received_message_id(telegram_message_id: int) -> str:
    """A message that somebody wrote."""
    return f"{RECEIVED}{telegram_message_id}"


def message_key(session_id: str, telegram_message_id: int) -> tuple[str, int]:
    """A message that statements are about, whoever has written it."""
    return session_id, telegram_message_id


def sent_message_id(telegram_message_id: int) -> str:
    """A message of ours, once Telegram has given it its number."""
    return f"{SENT}{telegram_message_id}"


def sent_number(message_id: str) -> int | None:
    """Telegram's number in an id of `sent_message_id`; None for any other id."""
    number = message_id.removeprefix(SENT)
    return int(number) if number != message_id and number.isascii() and number.isdigit() else None


def answer_id(session_id: str, message_id: str) -> str:
    """An answer, by the id of its first part."""
    return f"{session_id} {message_id}"


def another_answer(telegram_message_id: int) -> str:
    """The data of the button that asks for another answer in place of this message of ours."""
    return f"{ANOTHER}{telegram_message_id}"


def another_answer_to(data: str) -> int | None:
    """The message that such a button is about; None for any other button."""
    number = data.removeprefix(ANOTHER)
    return int(number) if number != data and number.isascii() and number.isdigit() else None


def unknown_message_id(chat_id: int, telegram_message_id: int) -> str:
    """A message that is not stored, and may be anybody's."""
    return f"telegram:{chat_id}:{telegram_message_id}"


# Lanes


def lane_of(chat_id: int | None, topic_id: int | None, side: Side) -> str:
    """The lane of an update; those of no chat share one."""
    return f"{'' if chat_id is None else chat_id}:{'' if topic_id is None else topic_id}:{side}"


def side_of(lane: str) -> Side:
    """Which side of its conversation a lane is."""
    return "answer" if lane.endswith(":answer") else "control"


def conversation_of(lane: str) -> str:
    """The part that the two lanes of a conversation have in common."""
    return lane.rpartition(":")[0]


# Turns, their events, and what is sent for them


def update_turn_id(update_id: int, sequence: int) -> str:
    """The turn of an update, or of several that were merged with it.

    With the journal's sequence, as Telegram may give an update id again, and one that was set aside may be retried.
    """
    return f"{_UPDATE}{update_id}:{sequence}"


def try_id(run_id: str, attempt: int) -> str:
    """One try of a run, and its turn."""
    return f"{run_id}#{attempt}"


def event_id(turn_id: str, position: int, *, at_ms: int) -> str:
    """A turn's event in the feedback ledger: derived, so that handling the turn again adds nothing.

    `at_ms` is when the turn was received. Ids that begin with it (RFC 9562, version 7) stand beside each other in their
    index, where others would each change a page of their own.
    """
    instant, named = f"{at_ms % 2**48:012x}", _uuid(f"{turn_id}:{position}")
    return f"{instant[:8]}-{instant[8:]}-7{named[15:]}"


def memory_id(session_id: str, telegram_message_id: int) -> str:
    """The fact that somebody asked in a message to have kept."""
    return _uuid(f"memory:{session_id}:{telegram_message_id}")


def told_memory_id(turn_id: str, fact: str) -> str:
    """The fact that whoever answered a turn had kept of it."""
    return _uuid(f"memory:{turn_id}:{fact}")


def _uuid(name: str) -> str:
    # What uuid5 does, without its detours: every reaction needs one.
    digest = sha1(_EVENTS + name.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


def reply_id(turn_id: str, number: int) -> str:
    """A reply of a turn; a toast's delivery has the same."""
    return f"{turn_id}:{number}"


def part_id(reply_id: str, number: int) -> str:
    """The delivery of one part of a reply."""
    return f"{reply_id}:{number}"


def surplus_id(turn_id: str, number: int) -> str:
    """The delivery that deletes a message for which a renewed answer has no use."""
    return f"{turn_id}:surplus:{number}"


def placeholder_id(turn_id: str) -> str:
    """The delivery of the message that stands for a turn's answer while that is made."""
    return f"{turn_id}{_PLACEHOLDER}"


def is_placeholder(delivery_id: str) -> bool:
    """True if a delivery is of such a message."""
    return delivery_id.endswith(_PLACEHOLDER)


def notice_id(subject: str, chat_id: int) -> str:
    """The delivery that tells one operator of something."""
    return f"{_NOTICE}{subject}:{chat_id}"


def is_notice(reply_id: str) -> bool:
    """True if a reply tells an operator of something."""
    return reply_id.startswith(_NOTICE)


# What is due, and its runs


def next_id(source: RunSource, subject_id: str) -> str:
    """The row of a subject's next occurrence."""
    return f"{source}:{subject_id}"


def run_id(source: RunSource, subject_id: str, at_ms: int, *, is_manual: bool = False) -> str:
    """The run of a subject at an instant, so that it cannot be entered twice."""
    return f"{_RUN[source]}:{subject_id}:{'manual:' if is_manual else ''}{at_ms}"


def by_hand_id(source: RunSource, subject_id: str) -> str:
    """The row of a subject's run that somebody asked for, as long as it waits: there is one at a time."""
    return f"{next_id(source, subject_id)}:manual"


def task_id(source: RunSource, subject_id: str, run_id: str) -> str:
    """The task of a run on the board."""
    return f"{source}:{subject_id}:{run_id}"


# Personalities and budgets


def profile_id(scope: str, user_id: str | None = None, session_id: str | None = None) -> str:
    """The personality profile of a scope: everybody's, a user's, or a user's in a session."""
    return ":".join(["personality", *(part for part in (scope, user_id, session_id) if part is not None)])


def variant_profile_id(experiment: str, variant: str) -> str:
    """The personality by which a variant of an experiment speaks, which is nobody's profile."""
    return f"experiment:{experiment}:{variant}"


def budget_name(scope: str, target_id: str) -> str:
    """A budget as people write it; the global one has no target."""
    return f"{scope}:{target_id}" if target_id else scope


def budget_named(name: str) -> tuple[str, str]:
    """The scope and the target of a budget's name."""
    scope, _, target_id = name.partition(":")
    return scope, target_id


# The same, in SQL: expressions over a column or a parameter. tests/storage/test_ids.py holds them to the above.


def sql_received_message_id(column: str) -> str:
    """`received_message_id` of Telegram's number."""
    return f"'{RECEIVED}' || {column}"


def sql_told_in(thread_key: str, session_id: str) -> str:
    """`told_in` of a message's thread, of whose session the rest is the chat."""
    is_reply = f"substr({thread_key}, 1, {len(REPLY_THREAD)}) = '{REPLY_THREAD}'"
    is_private = f"substr({thread_key}, {len(REPLY_THREAD) + 1}, 1) <> '-'"
    root = f"'{ROOT_THREAD}' || substr({session_id}, {len(SESSION) + 1})"
    return f"CASE WHEN {is_reply} AND {is_private} THEN {root} ELSE {thread_key} END"


def sql_is_sent(column: str) -> str:
    """True if a message id is one of `sent_message_id`."""
    return f"substr({column}, 1, {len(SENT)}) = '{SENT}'"


def sql_is_received(column: str) -> str:
    """True if a message id is one of `received_message_id`."""
    return f"substr({column}, 1, {len(RECEIVED)}) = '{RECEIVED}'"


def sql_telegram_message_id(column: str) -> str:
    """Telegram's number in a message id of ours or of somebody's; some other number for one that is unknown."""
    return f"CAST(substr({column}, {len(SENT) + 1}) AS INTEGER)"


def sql_answered_update_id(column: str) -> str:
    """The update that a delivery like FIRST_REPLIES answers."""
    # As far as it is a number.
    return f"CAST(substr({column}, {len(_UPDATE) + 1}) AS INTEGER)"


def sql_next_id(source: RunSource, column: str) -> str:
    """`next_id` of a subject."""
    return f"'{source}:' || {column}"


def sql_run_id(source: RunSource, subject_id: str, at_ms: str, *, is_manual: bool = False) -> str:
    """`run_id`."""
    return f"'{_RUN[source]}:' || {subject_id} || ':{'manual:' if is_manual else ''}' || {at_ms}"


def sql_task_id(source: str, subject_id: str, run_id: str) -> str:
    """`task_id`, by the three columns of the ledger that make a run unique."""
    return f"{source} || ':' || {subject_id} || ':' || {run_id}"


def sql_try_id(run_id: str, attempt: str) -> str:
    """`try_id`."""
    return f"{run_id} || '#' || {attempt}"


def sql_session_profile_id(user_id: str, session_id: str) -> str:
    """`profile_id` of scope `session`."""
    return f"'personality:session:' || coalesce({user_id}, '') || ':' || {session_id}"
