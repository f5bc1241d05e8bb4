"""What is written into `.env`: what was asked, and nothing else is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import env_file
from bot.errors import SettingsError
from bot.setup import draft

BEFORE = """# Mine, and it stays.
export POLAR_ACCESS = "open"  # for the party
POLAR_LANGUAGE=en

# Who answers.
#POLAR_RESPONDER=local
POLAR_ACCESS='open'\t# again
OTHER="two
lines"
POLAR_WEB_LISTEN= # here
POLAR_POLARITY=#"""


def test_each_value_goes_where_it_stands_or_is_commented_out_and_all_else_stays() -> None:
    """The last one of two counts, so that one is changed; what is new comes at the end."""
    after = draft.changed(
        BEFORE,
        {
            "POLAR_ACCESS": "pairing",
            "POLAR_RESPONDER": "none",
            "POLAR_WEB_LISTEN": "[::1]:1",
            "POLAR_POLARITY": "",
            "POLAR_OPENAI_MODEL": "it's new",
        },
    )
    expected = BEFORE
    for old, new in (
        ("'open'\t", "pairing\t"),
        ("#POLAR_RESPONDER=local", "POLAR_RESPONDER=none"),
        ("LISTEN= #", "LISTEN= '[::1]:1'#"),
        ("POLARITY=#", "POLARITY=\nPOLAR_OPENAI_MODEL='it\\'s new'\n"),
    ):
        expected = expected.replace(old, new)
    assert after == expected


def test_a_name_in_small_letters_is_the_same_setting() -> None:
    """As it is where the file is read."""
    assert draft.changed("polar_access=open\n", {"POLAR_ACCESS": "pairing"}) == "polar_access=pairing\n"


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=40)
BEFORES = ("", "A='x' # c\nB=2\n", "#A=1\nB=2\n", "A=x\nB=2\n")


@given(TEXTS.filter(lambda value: "${" not in value), st.sampled_from(BEFORES))
def test_whatever_is_written_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, value: str, before: str
) -> None:
    """Quotes, blanks, signs of comments, in a new line and in place of another."""
    path = tmp_path_factory.getbasetemp() / "any.env"
    path.write_text(draft.changed(before, {"A": value}), encoding="utf-8")
    read = {each.name: each.value for each in env_file.read(path, {})}
    assert read == {"A": value, **({"B": "2"} if before else {})}


@pytest.mark.parametrize("value", ["a${b}", "two\nlines", "nothing\0"])
def test_what_such_a_file_cannot_hold_is_refused_and_not_shown(value: str) -> None:
    """Rather than read as something else."""
    with pytest.raises(SettingsError, match=r"^A: a file \.env cannot hold this value"):
        draft.changed("", {"A": value})


def test_the_file_is_its_owners_alone_whatever_it_was_before(tmp_path: Path) -> None:
    """And a link to it stays a link; nothing is left beside it."""
    path, target = tmp_path / ".env", tmp_path / "real.env"
    target.write_text("A=1\n")
    target.chmod(0o644)
    path.symlink_to(target)
    draft.write(path, "A=2\n")
    assert path.is_symlink()
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("A=2\n", 0o600)
    assert sorted(os.listdir(tmp_path)) == [".env", "real.env"]  # noqa: PTH208 - names are enough


def test_what_cannot_be_written_leaves_all_as_it_was(tmp_path: Path) -> None:
    """As where a folder has its name."""
    path = tmp_path / ".env"
    path.mkdir()
    with pytest.raises(SettingsError, match="cannot be written: Is a directory; it is as it was"):
        draft.write(path, "A=1\n")
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_whose_the_file_was_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot runs as somebody else than root, who sets it up."""
    path, given_to = tmp_path / ".env", []
    path.write_text("A=1\n")
    draft.write(path, "A=2\n")
    own = path.stat()
    monkeypatch.setattr(os, "geteuid", lambda: own.st_uid + 1)
    monkeypatch.setattr(os, "fchown", lambda handle, user, group: given_to.append((user, group)))
    draft.write(path, "A=3\n")
    assert given_to == [(own.st_uid, own.st_gid)]
