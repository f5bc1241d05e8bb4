"""`polar emulator` is the program `python -m emulator`, called from anywhere."""

from __future__ import annotations

from pathlib import Path

from tests.bot.cli.terminal import process


def test_options_are_handed_on_and_the_status_comes_back(tmp_path: Path) -> None:
    """From any folder; here an address that it refuses, in one line."""
    done = process("emulator", "--host", "192.0.2.1", "--port", "0", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("emulator: 192.0.2.1 is not a loopback address")
    assert len(done.stderr.splitlines()) == 1
