"""Files are replaced whole or not at all, whatever happens to the job."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.exports.rows import FILES, attempt, command, export, react, read, writing
from tests.house import CHECKOUT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("filled")]
MANY = 5_000
"""Events whose file is longer than what a full disk still takes."""
STOPPING = """
import os, runpy, signal, sys

def stop(event, arguments):
    if event == "open" and isinstance(arguments[0], int) and arguments[1] == "w":
        os.kill(os.getpid(), signal.SIGSTOP)

sys.addaudithook(stop)
runpy.run_module("exports", run_name="__main__")
"""
"""The job, which stops by itself once it has made its first temporary file and is about to write into it."""


def contents(out: Path) -> dict[str, bytes]:
    """Everything in the folder, hidden or not."""
    return {file.name: file.read_bytes() for file in out.iterdir()}


def add_many(path: Path) -> None:
    """So many events that the first file is a new one, and long."""
    with writing(path) as connection:
        for number in range(MANY):
            react(connection, f"many{number}", 1_795_000_000_000 + number)


@contextmanager
def stopped_while_writing(path: Path, out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The job, held in the middle of its first file."""
    stopping = [sys.executable, "-c", STOPPING, *command(path, out)[3:]]
    with subprocess.Popen(stopping, cwd=CHECKOUT, stderr=subprocess.PIPE) as job:
        try:
            became = os.waitid(os.P_PID, job.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            assert became is not None
            assert became.si_code == os.CLD_STOPPED
            assert (out / ".REACTIONS.md.tmp").exists()
            yield job
        finally:
            job.kill()


def test_only_their_owner_can_read_the_files(path: Path, out: Path) -> None:
    """The files have mode 0600, the folder 0700 where the job makes it; a mode that was changed is set back."""
    export(path, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    (out / FILES[0]).chmod(0o644)
    assert export(path, out)[FILES[0]]["changed"] is True
    assert {stat.S_IMODE((out / file).stat().st_mode) for file in FILES} == {0o600}


def test_a_file_that_stays_the_same_is_not_touched(path: Path, out: Path) -> None:
    """So that its time tells when it last changed."""
    export(path, out)
    before = {file: (out / file).stat() for file in FILES}
    with writing(path) as connection:
        react(connection, "new", "2026-11-23T00:00:00Z")
    export(path, out)
    same = [(out / file).stat().st_ino == before[file].st_ino for file in FILES]
    assert same == [False, True, True, True]


def test_a_link_is_replaced_not_followed(path: Path, out: Path, tmp_path: Path) -> None:
    """What it points at is left alone, also in the place of the temporary file."""
    other = tmp_path / "other.txt"
    other.write_text("mine", encoding="utf-8")
    out.mkdir(parents=True)
    for name in (FILES[0], f".{FILES[0]}.tmp"):
        (out / name).symlink_to(other)
    export(path, out)
    assert other.read_text(encoding="utf-8") == "mine"
    assert not (out / FILES[0]).is_symlink()


def test_a_job_that_is_killed_leaves_the_old_files(path: Path, out: Path) -> None:
    """Whole; and what it left half-made is gone after the next run, also of another file."""
    export(path, out)
    old = contents(out)
    add_many(path)
    with stopped_while_writing(path, out) as job:
        job.kill()
    left = contents(out)
    assert ".REACTIONS.md.tmp" in left
    del left[".REACTIONS.md.tmp"]
    assert left == old
    export(path, out, "--only=memory")
    assert contents(out) == old
    assert export(path, out)["REACTIONS.md"]["rows"] == 6 + MANY


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_asked_to_end_leaves_nothing_behind(path: Path, out: Path, number: signal.Signals) -> None:
    """As a service that is stopped, or Ctrl-C."""
    export(path, out)
    old = contents(out)
    add_many(path)
    with stopped_while_writing(path, out) as job:
        job.send_signal(number)
        job.send_signal(signal.SIGCONT)
        _, errors = job.communicate(timeout=60)
    assert (job.returncode, errors) == (128 + number, b"")
    assert contents(out) == old


def test_a_full_disk_is_said_in_one_line(path: Path, out: Path) -> None:
    """Here: a limit on the size of files. The old files stay whole, nothing is left behind, status 1."""
    export(path, out)
    old = contents(out)
    add_many(path)
    code = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
    code += "sys.argv[0] = 'exports'; runpy.run_module('exports', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", code, *command(path, out)[3:]], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == f"polar: {out / 'REACTIONS.md'} cannot be written (File too large); what was there is left\n"
    assert contents(out) == old


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_said_in_one_line(path: Path, tmp_path: Path, place: str) -> None:
    """Status 1, and what is in its place stays."""
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    done = attempt(path, tmp_path / place)
    assert done.returncode == 1
    assert done.stderr.startswith(f"polar: the folder {tmp_path / place} cannot be made or used (")
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_folder_in_the_place_of_a_file_is_said_in_one_line(path: Path, out: Path) -> None:
    """Nothing is left behind."""
    (out / "HEARTBEAT.md").mkdir(parents=True)
    done = attempt(path, out)
    assert done.returncode == 1
    assert done.stderr.startswith(f"polar: {out / 'HEARTBEAT.md'} cannot be written (")
    assert {file.name for file in out.iterdir()} == {"REACTIONS.md", "HEARTBEAT.md"}


def test_two_exports_into_one_folder_do_not_meet(path: Path, out: Path) -> None:
    """The second one is refused in one line, until the first has ended."""
    export(path, out)
    handle = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = attempt(path, out)
    finally:
        os.close(handle)
    assert done.returncode == 1
    assert done.stderr == f"polar: another process is writing to {out}; try again when it has ended\n"
    assert "Good morning" in read(out)
    export(path, out)
