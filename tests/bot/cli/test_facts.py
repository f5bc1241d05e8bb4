"""Facts as commands print them, for people and for programs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from bot.cli.columns import MEASURED, Shown, lines
from bot.cli.facts import printable, show_all, to_json, walk
from storage.views.listings import ListPage
from tests.bot.cli.terminal import polar

FORGED = "a\x1b[31m\u009b1m\u202eb\u2028\r\nc\U000e0041\ud800"
"""What a terminal would act on: colours, a line's end, a text from right to left, tags, a half of a character."""
COLUMNS = (
    Shown("id", "id", is_number=True),
    Shown("owner", "owner", may_go=True),
    Shown("text", "text", gives_way=True),
)
FOREIGN = (
    "INSERT INTO polar_access VALUES (:forged, 'member', :forged, 1)",
    "INSERT INTO polar_users VALUES (:forged, :forged, 1)",
    "INSERT INTO polar_pairing_codes VALUES ('c', 'member', :forged, 1, 35184372088832)",
    "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, sessionId, body, attempts, reason, "
    "receivedAtMs) VALUES (5, 1, 'dead', :forged, 'l', :forged, CAST(:forged AS BLOB), 3, :forged, 1)",
    "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, "
    "sequence, replyId, reason) VALUES (:forged, :forged, 'c', :forged, 'failed', 1, 1, 1, 'r', :forged)",
    "INSERT INTO polar_automation_jobs VALUES (:forged, :forged, :forged, :forged, :forged, 0, NULL, NULL, 1, 1)",
    "INSERT INTO polar_heartbeat_policies VALUES (:forged, :forged, :forged, NULL, '{}', 1, 1, 1)",
    "INSERT INTO polar_budget_policies VALUES ('user', :forged, 1, NULL, 1)",
    "INSERT INTO polar_daily_spend VALUES ('model', '2026-11-01', :forged, 1, 0, 0, 1, 1, 1, 1)",
)
"""Rows of another program, in every table that is listed."""


def test_what_others_wrote_does_nothing_to_a_terminal() -> None:
    """It is one line of characters that can be seen."""
    assert printable(FORGED).isprintable()
    assert "\n" not in printable(FORGED)


def test_json_is_as_harmless_and_says_the_same() -> None:
    """Whoever reads it gets each character back."""
    written = to_json({"text": FORGED + "天気 🙂"})
    assert written.isprintable()
    assert "天気 🙂" in written
    assert json.loads(written) == {"text": FORGED + "天気 🙂"}


def test_columns_stand_below_each_other_whatever_their_letters() -> None:
    """Numbers end there; nothing is cut where there is no end of a line."""
    rows = [("5", "ann", "天気 " * 50), ("1234", "bo", "x")]
    assert list(lines(rows, COLUMNS, None)) == [
        "  id  owner  text",
        f"   5  ann    {('天気 ' * 50).rstrip()}",
        "1234  bo     x",
    ]


@pytest.mark.parametrize(("room", "shown"), [(60, " 5  ann    "), (36, " 5  ann    "), (30, " 5  ")])
def test_a_narrow_terminal_cuts_what_gives_way_and_leaves_out_what_may_go(room: int, shown: str) -> None:
    """No line is longer than the terminal, and what is there to be copied is whole."""
    heading, line = lines([("5", "ann", "天気 " * 50)], COLUMNS, room)
    assert line.startswith(shown)
    assert line.endswith("…")
    assert len(line) + line.count("天") + line.count("気") in (room, room - 1)
    assert ("owner" in heading) == ("ann" in line)


def test_what_is_to_be_kept_is_cut_last() -> None:
    """Of two that give way; where there is no room for it either, it is cut as well."""
    columns = (Shown("schedule", "schedule", gives_way=True, keeps=20), Shown("text", "text", gives_way=True))
    assert list(lines([("s" * 20, "t" * 40)], columns, 36))[1] == f"{'s' * 20}  {'t' * 13}…"
    assert list(lines([("s" * 20, "t" * 40)], columns, 30))[1] == f"{'s' * 15}…  {'t' * 11}…"


def test_rows_are_written_as_they_come() -> None:
    """A million of them need no more room than a few: the widths are those of the first."""
    taken = count()
    rows = ((str(next(taken)), "ann", "x") for _ in count())
    written = lines(rows, COLUMNS, 80)
    assert [next(written) for _ in range(3)] == [" id  owner  text", "  0  ann    x", "  1  ann    x"]
    assert next(taken) == MEASURED


def test_a_listing_is_read_a_page_at_a_time() -> None:
    """As far as it is shown, and it is said that there is more."""
    pages: list[int] = []

    def page(first: int) -> ListPage[int, int]:
        pages.append(first)
        return ListPage([first, first + 1], first + 2)

    rows = walk(page, 0)
    assert [next(rows) for _ in range(3)] == [0, 1, 2]
    assert pages == [0, 2]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_limit_says_that_there_is_more(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, so that the list itself is what it is; of an endless one no more is read."""
    facts = ({"id": number, "owner": "ann", "text": None} for number in count())
    show_all(facts, COLUMNS, as_json=as_json, none="none", limit=2)
    told = capsys.readouterr()
    assert "--limit" in told.err
    assert (len(json.loads(told.out)) if as_json else len(told.out.splitlines())) == 2 + (not as_json)
    assert next(facts)["id"] == 3


def test_an_empty_list_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """In words for people, in JSON for programs; nothing is missing."""
    show_all([], COLUMNS, as_json=False, none="nobody", limit=2)
    show_all([], COLUMNS, as_json=True, none="nobody", limit=2)
    assert capsys.readouterr() == ("nobody\n[]\n", "")


def test_nothing_that_others_wrote_acts_on_a_terminal_whatever_prints_it(database: Path) -> None:
    """Neither lists, nor what shows one, nor JSON, nor an error: each file may hold rows of other programs."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in FOREIGN:
            connection.execute(statement, {"forged": FORGED.replace("\ud800", "")})
    named = FORGED.replace("\ud800", "")
    printing = [
        *(("updates", "list"), ("updates", "show", "5"), ("deliveries", "list"), ("deliveries", "show", named)),
        *(("automations", "list"), ("heartbeat", "list"), ("budget", "list"), ("spend", "--by", "model")),
        *(("users", "list"), ("pair", "list"), ("automations", "resume", named), ("deliveries", "retry", "\x1b[31m")),
    ]
    for words in printing:
        for option in ((), ("--json",)):
            if option and words[1] in ("resume", "retry"):
                continue
            done = polar(*words, *option, database=database)
            told = done.stdout + done.stderr
            assert told
            assert [c for c in told if not c.isprintable() and c != "\n"] == [], words
