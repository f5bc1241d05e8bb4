"""The job as a process of its own: what it needs, what it takes, and what it leaves to others."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import migrations
from tests.exports.rows import attempt, beat, command, export, ms, react, read, say, writing
from tests.house import CHECKOUT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("filled")]
PEAK = """
import runpy, sys
try:
    runpy.run_module("exports", run_name="__main__")
finally:
    status = open("/proc/self/status").read().split()
    print(status[status.index("VmHWM:") + 1], file=sys.stderr)
"""
AS_NOBODY = """
import locale, os, sys  # the first is loaded late by argparse, where this user may not
import exports.__main__ as job
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.exit(job.main())
"""


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user can enter, unlike tmp_path, and only its owner can write."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def run_code(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python code of ours, with the job's arguments."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("with_log", [False, True])
def test_a_log_that_cannot_be_used_is_told_with_its_remedy(path: Path, public: Path, with_log: bool) -> None:
    """SQLite needs files beside the database for reading too; whoever cannot write its folder learns what to do."""
    copy = public / path.name
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if with_log:
            react(connection, "in the log", "2026-11-23T10:00:00Z")
        for suffix in ("", "-wal"):
            if with_log or not suffix:
                shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    (public / "out").mkdir()
    (public / "out").chmod(0o777)
    copy.chmod(0o444)
    public.chmod(0o555)
    before = sorted(file.name for file in public.iterdir())
    done = run_code(AS_NOBODY, *command(copy, public / "out")[3:])
    assert done.returncode == 1
    assert re.sub(r"\([a-z ]+\)", "()", done.stderr) == (
        f"polar: {copy} cannot be opened by this user (). SQLite keeps its log beside the "
        f"database and needs it for reading too, and both are the bot's alone: run this as the bot's own user\n"
    )
    assert sorted(file.name for file in public.iterdir()) == before
    assert list((public / "out").iterdir()) == []


def test_a_log_left_by_a_killed_bot_is_read(path: Path, out: Path, tmp_path: Path) -> None:
    """Where the folder can be written, what stands in the log only is exported, and the log stays."""
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / path.name
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        react(connection, "in the log", "2026-11-23T10:00:00Z")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    export(copy, out)
    assert "## 2026-11-23" in read(out)
    assert Path(f"{copy}-wal").stat().st_size > 0


@pytest.mark.parametrize("state", ["missing", "text", "cut", "older", "newer"])
def test_a_database_that_cannot_be_used_is_said_in_one_line(tmp_path: Path, path: Path, out: Path, state: str) -> None:
    """Status 1, what to do, and the old files as they were."""
    export(path, out)
    old = {file.name: file.read_bytes() for file in out.iterdir()}
    if state in ("older", "newer"):
        version = migrations.newest() + (1 if state == "newer" else 0)
        change = "INSERT INTO polar_schema_versions VALUES (?, '', 0)"
        change = change if state == "newer" else "DELETE FROM polar_schema_versions WHERE version = ?"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(change, (version,))
    elif state == "text":
        path.write_text("no database " * 1000, encoding="utf-8")
    elif state == "cut":
        path.write_bytes(path.read_bytes()[:20_000])
    else:
        path = tmp_path / "none.db"
    done = attempt(path, out)
    assert done.returncode == 1
    assert done.stderr.startswith(f"polar: {path} ")
    assert len(done.stderr.splitlines()) == 1
    assert {file.name: file.read_bytes() for file in out.iterdir()} == old
    assert path.exists() is (state != "missing")


@pytest.mark.slow
def test_memory_stays_bounded(path: Path, out: Path) -> None:
    """80,000 events with long texts, some 100 MB of them, take less than 50 MB."""
    with writing(path) as connection:
        for number in range(100):
            say(connection, 100 + number, f"{number} {'🌍' * 4000}")
        for number in range(80_000):
            react(connection, f"many{number}", 10**12 + number * 1000, message=f"msg_a_{100 + number % 100}")
    done = run_code(PEAK, *command(path, out)[3:])
    assert done.returncode == 0, done.stderr
    assert "80,006 rows" in done.stdout
    assert int(done.stderr) < 50_000


def test_a_bar_is_shown_on_a_terminal_only(path: Path, out: Path) -> None:
    """On standard error; where that is piped, nothing is, and the facts alone stand on standard output."""
    done = attempt(path, out)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 4
    ours, theirs = pty.openpty()
    with subprocess.Popen([*command(path, out), "--json"], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=theirs) as job:
        os.close(theirs)
        shown = b"".join(iter(lambda: on_terminal(ours), b"")).decode()
        facts, _ = job.communicate(timeout=60)
    os.close(ours)
    assert list(json.loads(facts)) == ["REACTIONS.md", "HEARTBEAT.md", "MEMORY.md", "PERSONALITY.md"]
    assert "REACTIONS.md" in shown
    assert "100%" in shown


def on_terminal(handle: int) -> bytes:
    """What came next, nothing at the end."""
    try:
        return os.read(handle, 4096)
    except OSError:  # EIO: nobody has the other side open any more
        return b""


def test_a_heartbeat_is_not_taken_for_another_day(path: Path, out: Path) -> None:
    """Rows that were entered late, as a clock that stepped back leaves them, stand with their day."""
    with writing(path) as connection:
        for number, at in enumerate(("2026-11-25T00:00:00Z", "2026-11-24T23:59:59Z", "2026-11-25T00:00:01Z")):
            beat(connection, f"late{number}", ms(at), {"status": "executed"})
    export(path, out)
    assert re.findall(r"^## .*", read(out, "HEARTBEAT.md"), re.MULTILINE) == [
        *("## 2026-11-25", "## 2026-11-24", "## 2026-11-22", "## 2026-11-21")
    ]
