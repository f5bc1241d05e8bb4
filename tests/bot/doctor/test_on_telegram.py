"""What a doctor makes of what Telegram says: each check in its good case and in each of its bad ones."""

from __future__ import annotations

from typing import Any

import pytest

from bot.doctor import on_telegram
from bot.doctor.hearing import Heard, HeardOfGroup, HeardOfTelegram
from bot.receiving.reading import ALLOWED_UPDATES
from tests.bot.doctor.judged import judged

NOW_MS = 1_795_000_000_000
URL = "https://polar.example/hook"
SILENT = Heard(reason="ConnectError")
ILL = Heard(status=502)


def told(result: Any, **more: Any) -> Heard:
    """An answer of the Bot API."""
    return Heard(status=200, body={"ok": True, "result": result}, **more)


def of(me: Heard) -> HeardOfTelegram:
    """All that Telegram says, as far as it concerns who we are."""
    return HeardOfTelegram(has_token=True, server=me, me=me)


ME = told({"id": 7, "username": "polar_bot", "can_read_all_group_messages": True})


@pytest.mark.parametrize(
    ("heard", "known", "expected"),
    [
        (of(ME), None, ("ok", "known")),
        (of(ME), "7", ("ok", "known")),
        (of(ME), "8", ("failed", "another_bot")),
        (HeardOfTelegram(has_token=False, server=Heard(status=302)), "7", ("failed", "missing")),
        (of(Heard(status=401, body={"ok": False, "description": "Unauthorized"})), None, ("failed", "refused")),
        (of(Heard(status=404, body={"ok": False, "description": "Not Found"})), None, ("failed", "refused")),
        (of(SILENT), "7", ("not known", "unasked")),
        (of(ILL), "7", ("not known", "unasked")),
        (of(told(["what"])), "7", ("not known", "unasked")),
    ],
)
def test_the_token(heard: HeardOfTelegram, known: str | None, expected: tuple[str, str]) -> None:
    """Telegram knows it, and the database belongs to its bot."""
    assert judged(on_telegram.check_token(heard, known)) == expected


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (ME, ("ok", "answers")),
        (Heard(status=401), ("ok", "answers")),
        (SILENT, ("failed", "silent")),
        (ILL, ("failed", "ill")),
    ],
)
def test_the_way_to_telegram(server: Heard, expected: tuple[str, str]) -> None:
    """Whatever is answered has arrived there."""
    assert judged(on_telegram.check_reach(server, "https://api.telegram.org")) == expected


@pytest.mark.parametrize(
    ("ahead_ms", "offset_s", "expected"),
    [
        (9_999, 0, ("ok", "right")),
        (-9_999, 0, ("ok", "right")),
        (10_000, 0, ("warning", "off")),
        (-300_000, 0, ("failed", "off")),
        (3_600_000, 3_600, ("failed", "shifted")),
        (None, 0, ("not known", "untold")),
    ],
)
def test_the_clock(ahead_ms: int | None, offset_s: float, expected: tuple[str, str]) -> None:
    """Ahead or behind alike; a shift that somebody has set is named."""
    assert judged(on_telegram.check_clock(Heard(status=200, ahead_ms=ahead_ms), offset_s)) == expected


@pytest.mark.parametrize(
    ("info", "wanted", "expected"),
    [
        ({"url": ""}, "", ("ok", "none")),
        ({"url": URL}, "", ("failed", "left")),
        ({"url": URL}, URL, ("ok", "set")),
        ({"url": ""}, URL, ("failed", "elsewhere")),
        ({"url": "https://other.example"}, URL, ("failed", "elsewhere")),
        ({"url": URL, "last_error_date": NOW_MS // 1000 - 60, "last_error_message": "502"}, URL, ("warning", "fails")),
        ({"url": URL, "last_error_date": NOW_MS // 1000 - 7_200, "last_error_message": "502"}, URL, ("ok", "set")),
        ({"url": URL, "last_error_date": 10**18, "last_error_message": "502"}, URL, ("ok", "set")),
        (None, URL, ("not known", "unasked")),
    ],
)
def test_the_webhook(info: dict[str, Any] | None, wanted: str, expected: tuple[str, str]) -> None:
    """One that is left set while polling, one that leads elsewhere, one that fails."""
    heard = ILL if info is None else told(info)
    assert judged(on_telegram.check_webhook(heard, wanted, now_ms=NOW_MS)) == expected


@pytest.mark.parametrize(
    ("webhook", "expected"),
    [
        (told({"url": "", "pending_update_count": 100}), ("ok", "few")),
        (told({"url": "", "pending_update_count": 101}), ("warning", "many")),
        (SILENT, ("not known", "unasked")),
    ],
)
def test_pending_updates(webhook: Heard, expected: tuple[str, str]) -> None:
    """A few are there at any time."""
    assert judged(on_telegram.check_pending(webhook)) == expected


@pytest.mark.parametrize(
    ("allowed", "has_run", "expected"),
    [
        (ALLOWED_UPDATES, True, ("ok", "all")),
        ([kind for kind in ALLOWED_UPDATES if kind != "message_reaction"], True, ("failed", "missing")),
        ([kind for kind in ALLOWED_UPDATES if kind != "my_chat_member"], True, ("warning", "missing")),
        (None, True, ("failed", "missing")),
        (None, False, ("not known", "not_yet")),
    ],
)
def test_the_kinds_of_update(allowed: Any, has_run: bool, expected: tuple[str, str]) -> None:
    """Without its own word for it Telegram sends no reactions; a bot gives that word when it starts."""
    webhook = told({"url": "", **({} if allowed is None else {"allowed_updates": list(allowed)})})
    assert judged(on_telegram.check_allowed(webhook, ALLOWED_UPDATES, has_run=has_run)) == expected
    assert judged(on_telegram.check_allowed(SILENT, ALLOWED_UPDATES, has_run=True)) == ("not known", "unasked")


@pytest.mark.parametrize(
    ("me", "records_all", "expected"),
    [
        (ME, True, ("ok", "off")),
        (told({"id": 7, "can_read_all_group_messages": False}), False, ("ok", "on")),
        (told({"id": 7, "can_read_all_group_messages": False}), True, ("warning", "on_for_listener")),
        (SILENT, True, ("not known", "unasked")),
    ],
)
def test_privacy_mode(me: Heard, records_all: bool, expected: tuple[str, str]) -> None:
    """It matters to a bot that is to hear all."""
    assert judged(on_telegram.check_privacy(me, records_all=records_all)) == expected


def group(status: str | None, chat_id: int = -100, **chat: Any) -> HeardOfGroup:
    """What Telegram says of a group where this is what the bot is."""
    member = SILENT if status is None else told({"status": status})
    return HeardOfGroup(chat_id=chat_id, member=member, chat=told({"title": "Rowers", **chat}))


GONE = HeardOfGroup(
    chat_id=-1, member=Heard(status=403, body={"ok": False, "description": "Forbidden: bot was kicked"}), chat=ILL
)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([group("administrator"), group("administrator", -101)], [("ok", "administrator")]),
        ([group("member"), group("administrator")], [("warning", "member"), ("ok", "administrator")]),
        ([group("restricted")], [("warning", "member")]),
        ([group("kicked"), group("left"), GONE], [("warning", "left")] * 3),
        ([group("administrator", available_reactions=[])], [("warning", "no_reactions")]),
        ([group("administrator", available_reactions=[{"type": "emoji"}])], [("ok", "administrator")]),
        ([group(None)], [("not known", "untold")]),
        ([], [("ok", "none")]),
    ],
)
def test_groups(groups: list[HeardOfGroup], expected: list[tuple[str, str]]) -> None:
    """Each that reactions do not arrive from is named with its title; all others are counted."""
    heard = HeardOfTelegram(has_token=True, server=ME, me=ME, groups=tuple(groups))
    diagnoses = list(on_telegram.check_groups(heard))
    assert [judged(diagnosis) for diagnosis in diagnoses] == expected
    assert all("Rowers" in diagnosis.evidence for diagnosis in diagnoses if diagnosis.found == "member")


def test_groups_that_nobody_could_be_asked_about() -> None:
    """Are not said to be well."""
    assert [judged(each) for each in on_telegram.check_groups(of(SILENT))] == [("not known", "unasked")]


@pytest.mark.parametrize(
    ("heard", "trouble"),
    [
        (SILENT, "ConnectError"),
        (Heard(status=401, body={"description": "Unauthorized"}), "401 Unauthorized"),
        (Heard(status=502, body=None), "status 502"),
    ],
)
def test_why_there_is_no_result(heard: Heard, trouble: str) -> None:
    """In a few words."""
    assert (heard.trouble, heard.result, heard.fields) == (trouble, None, {})
