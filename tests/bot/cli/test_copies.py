"""`polar db backup`, on a real file."""

from __future__ import annotations

from pathlib import Path

from tests.bot.cli.terminal import polar, printed


def test_a_backup_tells_what_was_copied(database: Path, tmp_path: Path) -> None:
    """To programs and to people; a second one to the same file is refused in one line."""
    first, second = tmp_path / "first", tmp_path / "second"
    facts = printed(polar("db", "backup", str(first), "--json", database=database))
    assert facts.pop("seconds") >= 0
    assert facts == {"file": str(first), "bytes": first.stat().st_size, "logGrewBytes": 0}
    told = polar("db", "backup", str(second), database=database)
    assert "is whole" in told.stdout
    assert "the log grew by 0.0 MiB" in told.stdout
    refused = polar("db", "backup", str(second), database=database)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert len(refused.stderr.splitlines()) == 1
