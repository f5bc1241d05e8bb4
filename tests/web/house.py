"""The real web process on loopback, and what it answers."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from tests.house import CHECKOUT
from tests.web.forked import forked

SECRET = "a-secret-that-is-long-enough"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass(frozen=True, slots=True)
class Web:
    """The address of a web process that is ready."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    def ask(self, method: str, path: str, body: str | bytes | None = None, **headers: str) -> Answer:
        """One request; an underscore in a header's name is a hyphen."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers={"Accept": "text/html", **names})
            response = connection.getresponse()
            given = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, given, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """A GET as a browser makes it."""
        return self.ask("GET", path, **headers)

    def page(self, path: str, **headers: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(path, **headers)
        assert answer.status == 200, answer.text
        return answer.text


def arguments(database: Path | str, artifacts: Path | None, listen: str = "127.0.0.1:0") -> list[str]:
    """What `python -m web` is started with; its exports are beside a file unless they are elsewhere."""
    exports = artifacts or Path(database).parent / "artifacts"
    return ["--listen", listen, "--database", str(database), "--artifacts", str(exports)]


def ready(line: str) -> Web:
    """The process that has said this."""
    match = re.search(r"ready.*http://(.+):(\d+)/", line)
    assert match, line
    return Web(match[1], int(match[2]))


@contextmanager
def serving(database: Path | str, *, artifacts: Path | None = None, secret: str = "") -> Iterator[Web]:
    """`python -m web` on a free port, but for its loading; it must end with status 0 when it is asked to."""
    with forked(arguments(database, artifacts), secret) as (process, error):
        yield ready(error.readline())
        process.terminate()
        process.join(30)
        assert process.exitcode == 0


@contextmanager
def started(
    database: Path | str, *, artifacts: Path | None = None, secret: str = "", listen: str = "127.0.0.1:0"
) -> Iterator[subprocess.Popen[str]]:
    """The process in full, ready or not; killed at the end if it still runs."""
    handed, given = [], arguments(database, artifacts, listen)
    if secret:
        reading, writing = os.pipe()
        os.write(writing, secret.encode())
        os.close(writing)
        handed = [reading]
        given += ["--secret-fd", str(reading)]
    command = [sys.executable, "-m", "web", *given]
    with subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True, pass_fds=handed) as process:
        for descriptor in handed:
            os.close(descriptor)
        try:
            yield process
        finally:
            process.kill()


class Document(HTMLParser):
    """What a page holds: its tags with attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        """Note it."""
        self.pieces.append(data)

    @property
    def text(self) -> str:
        """All text, blanks made one."""
        return " ".join(" ".join(self.pieces).split())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each such element."""
        return [attributes for name, attributes in self.tags if name == tag]

    def dangers(self) -> list[str]:
        """Whatever could run, or lead away: there must be none."""
        found = [tag for tag, _ in self.tags if tag in ("script", "iframe", "object", "embed", "base", "style")]
        for tag, attributes in self.tags:
            found += [f"{tag} {name}" for name in attributes if name.startswith("on") or name == "style"]
            for name in ("href", "src", "action", "xlink:href", "formaction"):
                address = attributes.get(name)
                if address is not None and not re.match(r"/(?!/)|#|\?", address):
                    found.append(f"{tag} {name}={address}")
        return found


def tiles(page: str) -> dict[str, str]:
    """The values of a page's tiles, by label."""
    found = re.findall(r"<dt>(?:<a[^>]*>)?([^<]+).*?<dd class=\"value\">([^<]*)</dd>", page, re.DOTALL)
    return dict(found)


def numbers(page: str, title: str) -> dict[str, list[int]]:
    """The rows of a chart's table, by day."""
    [table] = re.findall(rf'aria-label="{title}: the numbers".*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    found = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', table)
    return {day: [int(n.replace(",", "")) for n in re.findall(r">(-?[\d,]+)<", cells)] for day, cells in found}
