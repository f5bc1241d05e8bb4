"""The dashboard shows the same of the same rows, wherever they are."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import care
from storage.location import ServerUrl
from tests import cluster
from tests.web.house import Answer, Web, serving

pytestmark = pytest.mark.slow
STARTS = ("/", "/metrics", "/healthz")
LINK = re.compile(r'href="(/[^"#]*)"')
MOST = 60
VARIES = re.compile(
    r"(?m)^polar_(?:database_bytes|log|disk|\w*age|\w*seconds\b(?!_))\S* .*$"
    r"|[\d.,]+ (?:(?:[KMG]i)?B|m?s|min|h)\b|\d\d:\d\d(?::\d\d)?"
)
"""The room that it takes, what the time is, and how long ago something was."""
OF_SERVER = re.compile(r'(?s)<div class="tile[^>]*>\s*<dt>Active process</dt>.*?</div>\n')
"""A file has no other process to tell of."""


@pytest.fixture(scope="module")
def on_server(used: Path, server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A dashboard over a copy on a server, by a role that may only read."""
    source = tmp_path_factory.mktemp("source") / "polar-system.db"
    shutil.copy(used, source)
    with cluster.database(server) as url:
        care.copy(source, ServerUrl(url), lambda *_: None, skips=False, now_ms=1)
        with cluster.reader(url) as by_reader, serving(by_reader, artifacts=used.parent / "artifacts") as running:
            yield running


def shown(answer: Answer) -> list[str]:
    """The status and the lines of a page, without what varies."""
    return [str(answer.status), *VARIES.sub("", OF_SERVER.sub("", answer.text)).splitlines()]


def kind(path: str) -> tuple[str, ...]:
    """What one of is enough: the same in another order, and with another number where more than that is chosen."""
    page, _, query = path.partition("?")
    chosen = sorted(query.split("&"))
    return page, *(re.sub(r"=\d+", "=", each) if len(chosen) > 1 else each for each in chosen)


def test_each_page_is_alike(web: Web, on_server: Web) -> None:
    """Each kind that can be reached by links, the metrics included, but for the room that the database takes."""
    seen: dict[tuple[str, ...], int] = {}
    waiting = list(STARTS)
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if kind(path) in seen:
            continue
        one, other = (running.get(path) for running in (web, on_server))
        seen[kind(path)] = one.status
        assert shown(one) == shown(other), path
        waiting += [link.replace("&amp;", "&") for link in LINK.findall(one.text)]
    assert set(seen.values()) <= {200, 404}
    assert len(seen) > len(STARTS) + 20
