"""A bot's activity in a chat at the moment, read from its latest calls."""

from __future__ import annotations

import re
from itertools import islice

from .. import markup
from ..api.params import text
from ..people import Json
from ..state import State
from ..state.calls import Call
from ..texts import fitted

DRAFT_SECONDS = 30
ACTION_SECONDS = 5
# Calls further back than these are not looked at, however young they are.
LATEST = 1000
# The methods with which a bot says something that stays.
_MESSAGES = re.compile(r"(send|forward|copy)(?!MessageDraft|ChatAction)")


def activity(state: State, chat_id: int) -> Json:
    """`draft`, the text that grows, and `action`, such as typing; each is None when there is none.

    Both end with the bot's next message, or by themselves: a draft after 30 s, an action after 5.
    """
    now = state.clock()
    activity: Json = {"draft": None, "action": None}
    for call in islice(reversed(state.calls), LATEST):
        if now - call.at > DRAFT_SECONDS:
            break
        if call.status != 200 or str(call.params.get("chat_id")) != str(chat_id):
            continue
        if _MESSAGES.match(call.method) or call.method == "sendMessageDraft":
            return {**activity, "draft": _draft(call)}
        if call.method == "sendChatAction" and now - call.at <= ACTION_SECONDS:
            activity["action"] = activity["action"] or call.params["action"]
    return activity


def _draft(call: Call) -> Json | None:
    written = text(call.params, "text")
    if _MESSAGES.match(call.method) or not written:
        return None
    kept, entities = fitted(*markup.read(written, text(call.params, "parse_mode"), call.params.get("entities")))
    return {"text": kept, "entities": entities}
