"""What the files say: real rows in, text out."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from storage.views.projections import REACTIONS, TOP
from tests.exports.rows import (
    FILES,
    ask_to_be,
    beat,
    export,
    export_apart,
    fill,
    ms,
    react,
    read,
    remember,
    say,
    writing,
)
from tests.storage.plans import plan


def days(page: str) -> dict[str, list[str]]:
    """The lines below each day."""
    _, *sections = re.split(r"^## (?=.)", page, flags=re.MULTILINE)
    return {
        lines[0]: [line.removeprefix("- ") for line in lines if line.startswith("- ")]
        for lines in map(str.splitlines, sections)
    }


def rows_of(page: str) -> list[list[str]]:
    """The cells of all tables, headings and rules left out."""
    html = MarkdownIt("commonmark").enable("table").render(page)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", html, re.S) if "td" in row]


def test_reactions_by_day_the_newest_first(path: Path, out: Path) -> None:
    """Time, emoji, polarity, what was done, by whom, and our message's text; of other messages only the id."""
    with writing(path) as connection:
        fill(connection)
    export(path, out)
    assert days(read(out)) == {
        "2026-11-22": [
            "12:00:00 🔥 (+) added by `7` in `4711`, message `msg_u_2`",
            "10:11:12 👍 (+) added by `7` in `4711`: `Good morning! Here is the *news*.`",
            "10:11:12 👎 (−) taken back by `7` in `4711`: `Good morning! Here is the *news*.`",
        ],
        "2026-11-21": [
            "09:00:01 now `👍 5, 🤡 2` in `4711`: `Good morning! Here is the *news*.`",
            "09:00:00 (no emoji) (·) added by `7` in `4711`, message `telegram:4711:99`",
        ],
        "2026-11-20": ["08:00:00 👎 (−) added by `7` in `4711`: `Good morning! Here is the *news*.`"],
    }


@pytest.mark.parametrize(
    ("stored", "said"),
    [(None, False), ("365", True), ("soon", False)],
)
def test_that_messages_have_a_term_is_said(path: Path, out: Path, stored: str | None, said: bool) -> None:
    """As soon as some are gone, so that nobody wonders where their texts are."""
    with writing(path) as connection:
        fill(connection)
        connection.execute("UPDATE polar_messages SET text = ''")
        if stored is not None:
            connection.execute("INSERT INTO polar_properties VALUES ('kept_messages_days', ?)", (stored,))
    export(path, out)
    assert (f"Texts are kept for {stored} days: older messages are named by their id." in read(out)) == said
    assert "Good morning" not in read(out)


def test_totals_count_reactions_only_additions_minus_removals(path: Path, out: Path) -> None:
    """Commands and anonymous totals are counted apart, whatever polarity another program gave them."""
    with writing(path) as connection:
        fill(connection)
        react(connection, "c", "2026-11-22T14:00:00Z", kind="command_executed", emoji="👍")
    export(path, out)
    page = read(out)
    assert "- 3 reactions stand: 4 added, 1 taken back\n" in page
    assert "- 1 total of an anonymous chat\n- 2 events of other kinds" in page
    assert rows_of(page)[:7] == [
        ["positive (+)", "2", "0", "2"],
        ["negative (−)", "1", "1", "0"],
        ["neutral (·)", "1", "0", "1"],
        ["(no emoji)", "1", "0", "1"],
        ["👍", "1", "0", "1"],
        ["🔥", "1", "0", "1"],
        ["👎", "1", "1", "0"],
    ]
    assert rows_of(page)[7:] == [
        ["<code>job1</code>", "1", "0", "0"],
        ["–", "–", "1"],
        ["<code>remember</code>", "<code>answered</code>", "1"],
    ]
    assert "\n2 added, 1 taken back; positive 2, negative -1, neutral 0\n" in page


def test_each_file_names_the_last_sequence_it_has_seen(path: Path, out: Path) -> None:
    """In the file and as JSON; tables without a sequence name what changed last."""
    with writing(path) as connection:
        fill(connection)
    facts = export(path, out)
    found = {file: (fact["rows"], fact["lastSequence"], fact["lastId"]) for file, fact in facts.items()}
    profile = "personality:session:7:telegram:chat:4711"
    assert found == {
        "REACTIONS.md": (6, 7, "e7"),
        "HEARTBEAT.md": (2, 2, "r2"),
        "MEMORY.md": (2, None, "m2"),
        "PERSONALITY.md": (2, None, profile),
    }
    assert {file: fact["bytes"] for file, fact in facts.items()} == {f: (out / f).stat().st_size for f in FILES}
    assert "\n- Last sequence: 7, `e7`, 2026-11-22T13:00:00Z\n" in read(out)
    assert "\n- Last sequence: 2, `r2`, 2026-11-22T08:00:00Z\n" in read(out, "HEARTBEAT.md")
    assert "\n- Last change, `m2`, 2026-11-22T08:00:00Z\n" in read(out, "MEMORY.md")
    assert f"\n- Last change, `{profile}`, 2026-11-22T08:00:00Z\n" in read(out, "PERSONALITY.md")


def test_heartbeats_with_status_and_reason(path: Path, out: Path) -> None:
    """Runs of automations are not among them."""
    with writing(path) as connection:
        fill(connection)
        connection.execute(
            "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, createdAtMs) "
            "VALUES ('automation', 'job1', 'x', 'p', 'schedule', '{\"status\":\"executed\"}', 1)"
        )
        connection.execute(
            "INSERT INTO polar_run_deliveries SELECT source, id, runId, 'undelivered', 'Forbidden', 1 "
            "FROM polar_run_events WHERE source = 'heartbeat' AND output LIKE '%executed%'"
        )
    export(path, out)
    page = read(out, "HEARTBEAT.md")
    assert days(page) == {
        "2026-11-22": ["08:00:00 `watch` skipped: `missed`"],
        "2026-11-21": ["08:00:00 `watch` executed: `nothing to report`, undelivered: `Forbidden`"],
    }
    assert ["executed", "<code>nothing to report</code>", "1"] in rows_of(page)
    assert "\n- 2 runs\n" in page


def test_memories_and_profiles_in_short(path: Path, out: Path) -> None:
    """Who, where and what, with the earlier runtime's records too."""
    with writing(path) as connection:
        fill(connection)
    export(path, out)
    assert days(read(out, "MEMORY.md")) == {
        "2026-11-22": ["08:00:00 `8` in `4711`, `session/fact`: `talked about bees`"],
        "2026-11-20": ["08:00:00 `7` in `4711`, `session/fact`: `Prefers aubergines`"],
    }
    assert ["<code>7</code>", "<code>telegram:chat:4711</code>", "1"] in rows_of(read(out, "MEMORY.md"))
    assert days(read(out, "PERSONALITY.md")) == {
        "2026-11-22": ["08:00:00 `session` of `7` in `4711`: `Be a pirate. Always.`"],
        "2026-11-20": ["08:00:00 `global`: `Be brief.`"],
    }


def test_a_memory_that_is_forgotten_loses_its_line(path: Path, out: Path) -> None:
    """At the next export; a message that is erased loses its snippet."""
    with writing(path) as connection:
        fill(connection)
    export(path, out)
    with writing(path) as connection:
        connection.execute("DELETE FROM polar_memory WHERE memoryId = 'm1'")
        connection.execute("DELETE FROM polar_messages")
    facts = export(path, out)
    assert "aubergines" not in read(out, "MEMORY.md")
    assert "Good morning" not in read(out)
    assert "added by `7` in `4711`, message `msg_a_1`" in read(out)
    assert [facts[file]["changed"] for file in FILES] == [True, False, True, False]


def test_same_data_same_bytes(path: Path, out: Path) -> None:
    """Whatever the folder, the zone, the locale, the hash seed and the layout of the database file."""
    with writing(path) as connection:
        fill(connection)
    export(path, out)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
    facts = export(path, out)
    assert {fact["changed"] for fact in facts.values()} == {False}
    export_apart(path, out / "other", environ={"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"})
    assert [read(out, file) for file in FILES] == [read(out / "other", file) for file in FILES]


def test_since_leaves_out_what_was_before_in_totals_too(path: Path, out: Path) -> None:
    """And the file says so. A date begins at midnight UTC; an instant may have a zone."""
    with writing(path) as connection:
        fill(connection)
    facts = export(path, out, "--since=2026-11-22")
    assert list(days(read(out))) == ["2026-11-22"]
    assert "- 1 reaction stands: 2 added, 1 taken back\n" in read(out)
    assert [facts[file]["rows"] for file in FILES] == [3, 1, 1, 1]
    for file in FILES:
        assert "\nOnly from 2026-11-22T00:00:00Z on, in the totals too.\n" in read(out, file)
        assert "2026-11-20" not in read(out, file)
        assert "2026-11-21" not in read(out, file)
    facts = export(path, out, "--since=2026-11-22T14:30:00+02:00", "--only=reactions")
    assert (facts["REACTIONS.md"]["rows"], facts["REACTIONS.md"]["lastSequence"]) == (0, 7)
    assert export(path, out, "--since=2030-01-01")["REACTIONS.md"]["lastSequence"] is None
    assert "Last sequence: none" in read(out)


def test_an_empty_database_makes_four_files(path: Path, out: Path) -> None:
    """Each says that there is nothing, without tables and days."""
    with writing(path):
        pass
    assert [fact["rows"] for fact in export(path, out).values()] == [0, 0, 0, 0]
    for file in FILES[1:]:
        assert read(out, file).endswith("\n- Last sequence: none\n")
    assert days(read(out)) == {}


def test_only_what_is_asked_for_is_written(path: Path, out: Path) -> None:
    """One name, or several."""
    with writing(path) as connection:
        fill(connection)
    assert list(export(path, out, "--only=memory")) == ["MEMORY.md"]
    assert [file.name for file in out.iterdir()] == ["MEMORY.md"]
    assert list(export(path, out, "--only=personality", "--only=reactions")) == ["REACTIONS.md", "PERSONALITY.md"]
    assert not (out / "HEARTBEAT.md").exists()


HOSTILE = (
    "# x\n\n## 2026-01-01\n<script>alert(1)</script> [x](http://evil.example) | a |\n|---|\n"
    "``` \u202e\x00 @octocat www.evil.example"
)


@pytest.mark.parametrize("value", [HOSTILE, HOSTILE.encode(), b"\xff\xfe\xed\xa0\x80", "`" * 200, "x" * 100_000, 3.5])
def test_rows_of_other_programs_forge_nothing(path: Path, out: Path, value: object) -> None:
    """Any value in any column: the headings stay ours, no link and no HTML comes of it, and nothing fails."""
    with writing(path) as connection:
        say(connection, 1, value)
        react(connection, "plain", "2026-11-22T10:00:00Z")
        columns = ("event_id", "kind", "emoji", "polarity", "message", "session", "payload")
        for number, column in enumerate(columns):
            key = value if column == "event_id" else f"e{number}"
            changes = {"event_id": key, column: value}
            react(connection, at="2026-11-22T10:00:00Z", **changes)
        beat(connection, value, "2026-11-22T10:00:00Z", {"status": str(value), "reason": str(value)}, policy=value)
        beat(connection, "r", "2026-11-22T10:00:00Z", value if isinstance(value, str | bytes) else "x")
        remember(connection, "m", "2026-11-22T10:00:00Z", value, user=value)
        ask_to_be(connection, "user", "2026-11-22T10:00:00Z", value, user="7", session=None)
    facts = export(path, out)
    assert [fact["rows"] for fact in facts.values()] == [7, 2, 1, 1]
    for file in FILES:
        tokens = MarkdownIt("commonmark").enable("table").parse(read(out, file))
        headings = [tokens[n + 1].content for n, t in enumerate(tokens) if t.type == "heading_open"]
        assert headings[1:] == ["2026-11-22"]
        inline = [child.type for token in tokens for child in token.children or []]
        assert set(inline) <= {"text", "code_inline", "softbreak"}
        assert not {"html_block", "fence", "code_block", "hr"} & {t.type for t in tokens}
        assert max(map(len, read(out, file).splitlines())) < 2500


@pytest.mark.parametrize(
    "record", ["[" * 5000, "[" * 1500 + "]" * 1500, '{"fact":7}', '{"fact":null}', "{", "null", "42"]
)
def test_json_of_any_kind_is_shown_somehow(path: Path, out: Path, record: str) -> None:
    """No JSON, too deep, or not of the form that ours has."""
    with writing(path) as connection:
        remember(connection, "m", "2026-11-22T10:00:00Z", record)
        react(connection, "e", "2026-11-22T10:00:00Z", kind="reaction_count", payload=record)
        react(connection, "c", "2026-11-22T10:00:00Z", kind="reaction_count", payload='{"totals":[1,"x",{}]}')
        beat(connection, "r", "2026-11-22T10:00:00Z", record)
    assert [fact["rows"] for fact in export(path, out).values()] == [2, 1, 1, 0]
    assert days(read(out))["2026-11-22"] == ["10:00:00 now – in `4711`, message `msg_a_1`"] * 2


def test_times_beyond_the_calendar_stand_at_its_ends(path: Path, out: Path) -> None:
    """Each day has one section, in order, whatever another program stored as a time."""
    times = (ms("2026-11-22T10:00:00Z"), -1, 0, 2**62, -(2**62), 1e300, float("-inf"), "soon", b"\x00", 10**14)
    with writing(path) as connection:
        for number, at in enumerate(times):
            react(connection, f"e{number}", at)
            beat(connection, f"r{number}", at, "{}")
            remember(connection, f"m{number}", at, "{}")
    export(path, out)
    for file in FILES[:3]:
        found = days(read(out, file))
        expected = {
            "9999-12-31": 4,
            "5138-11-16": 1,
            "2026-11-22": 1,
            "1970-01-01": 1,
            "1969-12-31": 1,
            "0001-01-01": 2,
        }
        assert {day: len(lines) for day, lines in found.items()} == expected
        assert list(found) == list(expected)


def test_tables_of_totals_do_not_grow_without_end(path: Path, out: Path) -> None:
    """The largest are shown."""
    with writing(path) as connection:
        for number in range(3 * TOP):
            react(connection, f"e{number}", "2026-11-22T10:00:00Z", emoji=chr(0x1F400 + number))
            remember(connection, f"m{number}", "2026-11-22T10:00:00Z", '{"fact":"x"}', user=str(number))
    export(path, out)
    assert len(rows_of(read(out))) == 3 + TOP
    assert len(rows_of(read(out, "MEMORY.md"))) == 1 + TOP


def test_reactions_are_read_off_an_index(path: Path) -> None:
    """However many there are, they are neither sorted nor scanned, and their messages are looked up."""
    with writing(path):
        pass
    steps = plan(path, REACTIONS, {"since": 0})
    assert not [step for step in steps if "TEMP B-TREE" in step or "SCAN e" in step or "SCAN m" in step]
    assert len([step for step in steps if "polar_feedback_type" in step]) == 3
    assert len([step for step in steps if "polar_messages_telegram" in step]) == 3
