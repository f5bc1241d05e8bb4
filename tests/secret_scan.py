"""Looks for keys that would be published with this checkout; part of `make check`, without any network.

Tokens and keys have forms by which they are known. What is looked through is what git tracks, and what it would take
in if asked to: all files that are not ignored. A key is told by its place and its kind, never shown.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
KINDS = {
    "a token of a Telegram bot": rb"[0-9]{8,10}:[\w-]{35}",
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[^-]{0,20000}",
    "a key of OpenAI, Anthropic, OpenRouter or alike": rb"sk-(?:[a-z]+[0-9]*-)*[\w-]{20,}",
    "a key of Groq": rb"gsk_[A-Za-z0-9]{40,}",
    "a key of xAI": rb"xai-[A-Za-z0-9]{40,}",
    "a key of Google": rb"AIza[\w-]{35}",
    "a token of Hugging Face": rb"hf_[A-Za-z0-9]{30,}",
    "a token of GitHub": rb"(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})",
    "a token of GitLab": rb"glpat-[\w-]{20,}",
    "a key of AWS": rb"(?:AKIA|ASIA)[0-9A-Z]{16}",
    "a token of Slack": rb"xox[abeoprs]-[\w-]{20,}",
    "a key of Stripe": rb"[rs]k_live_[A-Za-z0-9]{20,}",
    "a token of PyPI": rb"pypi-[\w-]{80,}",
    "a token of npm": rb"npm_[A-Za-z0-9]{36}",
    "an address that Sentry takes errors at": rb"https://[0-9a-f]{32}(?::[0-9a-f]{32})?@[\w.-]+/[0-9]+",
}
_ANY = re.compile(rb"(?<![\w-])(?:" + b"|".join(rb"(%b)" % form for form in KINDS.values()) + rb")(?![\w-])")


@dataclass(frozen=True, slots=True)
class Found:
    """A key in a file; the digest tells it from another one that would stand there."""

    path: str
    line: int
    kind: str
    digest: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind} (digest {self.digest})"


ALLOWED = {
    ("tests/bot/http/telegram.example.pem", "3b5f2377"): "made for the tests, for a host that cannot exist",
}
"""What may stand where, by the digest of it, and why: each is needed by something, and opens nothing."""


def scan(folder: Path) -> Iterator[Found]:
    """Every key in the files of a checkout that are not ignored."""
    for name in sorted(set(_names(folder))):
        path = folder / name
        if path.is_file() and not path.is_symlink():  # one that is deleted is listed until that is committed
            yield from found_in(name, path.read_bytes())


def _names(folder: Path) -> Iterator[str]:
    """As git lists them; where there is no git, or this is no checkout of its, as its list of what is ignored says."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        told = subprocess.run(listed, cwd=folder, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        yield from _walked(folder)
    else:
        yield from (name for name in told.decode("utf-8", "surrogateescape").split("\0") if name)


def _walked(folder: Path) -> Iterator[str]:
    lines = (folder / ".gitignore").read_text(encoding="utf-8").split()
    ignored = [".git", *(line.strip("/") for line in lines)]
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)]
        for name in files:
            if not any(fnmatch(name, pattern) for pattern in ignored):
                yield str(Path(place, name).relative_to(folder))


def found_in(name: str, content: bytes) -> Iterator[Found]:
    """Every key in a file's content."""
    kinds = list(KINDS)
    for match in _ANY.finditer(content):
        line = content.count(b"\n", 0, match.start()) + 1
        yield Found(name, line, kinds[(match.lastindex or 1) - 1], hashlib.sha256(match[0]).hexdigest()[:8])


def wrong(found: Collection[Found], allowed: Collection[tuple[str, str]]) -> list[str]:
    """A line for each that is not allowed, and for each that is allowed and not there any more."""
    places = {(each.path, each.digest) for each in found}
    lines = [str(each) for each in found if (each.path, each.digest) not in allowed]
    return lines + [f"{path}: {digest} is allowed, but is not there" for path, digest in {*allowed} - places]


def main() -> None:
    """Status 1 where something is wrong."""
    if lines := wrong(list(scan(CHECKOUT)), ALLOWED):
        sys.exit("\n".join([*lines, "Take keys out, and revoke them; what is none goes into tests/secret_scan.py."]))


if __name__ == "__main__":
    main()
