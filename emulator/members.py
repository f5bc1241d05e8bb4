"""Membership as JSON."""

from __future__ import annotations

from .people import Json

RIGHTS = [
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
]
DENIED = frozenset({"can_be_edited", "is_anonymous", "can_promote_members"})


def administrator(user: Json) -> Json:
    """ChatMemberAdministrator, with the rights a bot commonly has."""
    rights = {right: right not in DENIED for right in RIGHTS}
    return {"user": user, "status": "administrator", **rights}


def member(user: Json, status: str) -> Json:
    """ChatMember with status member, left or kicked."""
    return {"user": user, "status": status, **({"until_date": 0} if status == "kicked" else {})}
