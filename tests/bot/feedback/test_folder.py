"""A folder that is replaced whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import CannotRun
from bot.feedback import folder as replaced
from bot.feedback.folder import replacing
from tests.storage.files import running

HALF_WAY = """
import pathlib, sys
from bot.feedback.folder import replacing

with replacing(pathlib.Path(sys.argv[1]), ours=["*.txt"]) as folder:
    folder.write("a.txt", ["half"])
    print("ready", flush=True)
    sys.stdin.read()
"""


def put(path: Path, text: str) -> None:
    """Replace it by a folder with one file."""
    with replacing(path, ours=["*.txt"]) as folder:
        assert folder.write("a.txt", [text]) == 1


def found(path: Path) -> dict[str, str]:
    """All that is beside it and in it, hidden things too."""
    return {str(file.relative_to(path.parent)): file.read_text() for file in path.parent.rglob("*") if file.is_file()}


@pytest.mark.parametrize("can_exchange", [True, False])
def test_the_new_folder_stands_in_the_place_of_the_former(
    tmp_path: Path, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing left of that, whether the system can exchange the two at once or not."""
    if not can_exchange:
        monkeypatch.setattr(replaced, "exchange", lambda one, other: False)
    for text in ("one", "two"):
        put(tmp_path / "out", text)
        assert found(tmp_path / "out") == {"out/a.txt": f"{text}\n"}


def test_what_is_raised_leaves_the_former_folder(tmp_path: Path) -> None:
    """And nothing beside it."""
    put(tmp_path / "out", "one")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "out", ours=["*.txt"]) as folder:
        folder.write("a.txt", ["two"])
        raise ZeroDivisionError
    assert found(tmp_path / "out") == {"out/a.txt": "one\n"}


def test_half_an_exchange_is_undone(tmp_path: Path) -> None:
    """Where it took two steps, and the process was killed between them; or behind them."""
    put(tmp_path / "out", "one")
    (tmp_path / "out").rename(tmp_path / ".out.former")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "out", ours=["*.txt"]):
        raise ZeroDivisionError
    assert found(tmp_path / "out") == {"out/a.txt": "one\n"}
    put(tmp_path / ".out.former", "former")
    put(tmp_path / "out", "two")
    assert found(tmp_path / "out") == {"out/a.txt": "two\n"}


def test_a_folder_that_cannot_be_made_is_told_of(tmp_path: Path) -> None:
    """With what stands in the way; the root of all folders has nothing beside it."""
    with pytest.raises(CannotRun, match="all there is"), replacing(Path("/"), ours=[]):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="cannot be written"), replacing(tmp_path / "file" / "out", ours=[]):
        pass


@pytest.mark.slow
def test_a_killed_run_leaves_the_former_folder_and_the_next_goes_on(tmp_path: Path) -> None:
    """As long as it lives no other run makes the same; what it has left is gone with the next one."""
    out = tmp_path / "out"
    put(out, "one")
    with running(HALF_WAY, out):
        with pytest.raises(CannotRun, match="another run"):
            put(out, "two")
        assert found(out)["out/a.txt"] == "one\n"
    assert found(out) == {"out/a.txt": "one\n", ".out.new/a.txt": "half\n"}
    put(out, "three")
    assert found(out) == {"out/a.txt": "three\n"}
