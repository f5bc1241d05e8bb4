"""The scan of `make check` finds keys that would be published, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.house import CHECKOUT
from tests.secret_scan import ALLOWED, KINDS, found_in, scan, wrong

# None of them stands here as it would stand in a file: the scan looks through this one, too.
PLANTED = {
    "a token of a Telegram bot": "123456789" + ":AA" + "x" * 33,
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIabc\n",
    "a key of OpenAI, Anthropic, OpenRouter or alike": "sk-" + "proj-" + "x" * 40,
    "a key of Groq": "gsk" + "_" + "x" * 52,
    "a key of xAI": "xai" + "-" + "x" * 80,
    "a key of Google": "AIza" + "x" * 35,
    "a token of Hugging Face": "hf" + "_" + "x" * 34,
    "a token of GitHub": "ghp" + "_" + "x" * 36,
    "a token of GitLab": "glpat" + "-" + "x" * 20,
    "a key of AWS": "AKIA" + "X" * 16,
    "a token of Slack": "xoxb" + "-1-" + "x" * 24,
    "a key of Stripe": "sk_live" + "_" + "x" * 24,
    "a token of PyPI": "pypi" + "-" + "x" * 90,
    "a token of npm": "npm" + "_" + "x" * 36,
    "an address that Sentry takes errors at": "https://" + "a" * 32 + "@o1.ingest.example/2",
}


def git(folder: Path, *arguments: str) -> None:
    """A command of git's, which has to succeed."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_known_by_its_form(kind: str) -> None:
    """Wherever it stands: told by file, line and kind, and by no letter of it."""
    key = PLANTED[kind]
    [found] = found_in("a.toml", f'# first\nkey = "{key}"\n'.encode())
    assert (found.path, found.line, found.kind) == ("a.toml", 2, kind)
    assert key[-16:] not in str(found)


@pytest.mark.parametrize(
    "text", ["1000000001:TEST-TOKEN", "sk-of-no-worth-at-all", "task-runner-of-a-long-name-indeed"]
)
def test_what_only_looks_like_a_key_is_none(text: str) -> None:
    """As the tests have them, and as names have it."""
    assert list(found_in("a.py", text.encode())) == []


@pytest.mark.parametrize("has_git", [True, False])
def test_what_git_would_take_in_is_looked_through(tmp_path: Path, has_git: bool) -> None:
    """What is tracked and what is new, whatever its name; not what is ignored, deleted, or elsewhere."""
    key = PLANTED["a token of a Telegram bot"]
    (tmp_path / "inner").mkdir()
    for name in ("tracked", "inner/new\nläne", "inner/ignored", "deleted"):
        (tmp_path / name).write_text(key, encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "inner" / "ignored")
    (tmp_path / ".gitignore").write_text("ignored\n", encoding="utf-8")
    if has_git:
        git(tmp_path, "init")
        git(tmp_path, "add", "tracked", "deleted")
    (tmp_path / "deleted").unlink()
    assert [found.path for found in scan(tmp_path)] == ["inner/new\nläne", "tracked"]


def test_what_is_allowed_is_that_very_key_with_a_reason() -> None:
    """Another one in its place is found; one that is gone is not allowed any more."""
    assert all(ALLOWED.values())
    found = [each for path, _ in ALLOWED for each in found_in(path, (CHECKOUT / path).read_bytes())]
    assert wrong(found, ALLOWED) == []
    path, digest = found[0].path, found[0].digest
    assert wrong(found[:1], {(path, "00000000")}) == [
        f"{path}:1: a private key (digest {digest})",
        f"{path}: 00000000 is allowed, but is not there",
    ]


def test_it_is_part_of_the_check() -> None:
    """`make check` runs it, and nothing that needs a network."""
    recipe = (CHECKOUT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    assert "-m tests.secret_scan" in recipe
    assert "audit" not in recipe
