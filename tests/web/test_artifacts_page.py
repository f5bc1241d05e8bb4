"""The pages of the exports."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.sqlite import opening
from tests.web.house import SECRET, Document, Web, serving
from web.pages.artifacts import FILES, MAX_SHOWN

HARM = """# Reactions

| when | what |
|:-----|-----:|
| <script>alert(1)</script> | [x](javascript:alert(1)) |

- **bold** ![i](http://elsewhere.example/x.png) <img src=x onerror=alert(1)>
- <http://elsewhere.example> [r] \u202etxt.exe `code \u2066`

[r]: javascript:alert(1)

```x" onmouseover="alert(1)
</code></pre><b>fence\u202e
```

<div onclick="alert(1)">block</div>
"""
TITLE, LINE = b"# Memory\n\n", b"- a fact, \xff not UTF-8\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of the four files, and what must not be shown."""
    made: Path = tmp_path_factory.mktemp("artifacts")
    (made / "REACTIONS.md").write_text(HARM, encoding="utf-8")
    (made / "MEMORY.md").write_bytes(TITLE + LINE * 200_000)
    (made / "OTHER.md").write_text("other", encoding="utf-8")
    (made.parent / "outside.md").write_text("outside", encoding="utf-8")
    (made / "PERSONALITY.md").symlink_to(made.parent / "outside.md")
    os.mkfifo(made / "HEARTBEAT.md")
    return made


@pytest.fixture(scope="module")
def web(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A dashboard of them."""
    with serving(tmp_path_factory.mktemp("database") / "none.db", artifacts=folder) as served:
        yield served


def test_the_list_names_four_files_and_no_more(web: Web) -> None:
    """Those that were not made are there too, without size."""
    page = Document(web.page("/artifacts"))
    links = [link["href"] for link in page.of("a")]
    assert [link for link in links if link and re.fullmatch(r"/artifacts/[^?]+", link)] == [
        f"/artifacts/{name}" for name in FILES
    ]
    assert set(FILES) == {"REACTIONS.md", "HEARTBEAT.md", "MEMORY.md", "PERSONALITY.md"}
    assert "PERSONALITY.md How it was asked to speak – not yet" in page.text
    assert re.search(r"MEMORY\.md What people had it remember 4,\d{3},\d{3} \d{4}-", page.text)


@pytest.mark.parametrize(
    "name", ["OTHER.md", "reactions.md", "..%2Foutside.md", "%2e%2e/outside.md", "REACTIONS.md%00", "REACTIONS.md/", ""]
)
def test_no_other_name_is_answered(web: Web, name: str) -> None:
    """404, without a word of what lies there."""
    answer = web.get(f"/artifacts/{name}")
    assert answer.status in (404, 307)
    assert "other" not in answer.text and "outside" not in answer.text


@pytest.mark.parametrize("name", ["PERSONALITY.md", "HEARTBEAT.md"])
def test_a_link_or_a_pipe_is_no_export(web: Web, name: str) -> None:
    """A link may lead anywhere, and a pipe would be waited for; both count as not there."""
    for address in (f"/artifacts/{name}", f"/artifacts/{name}?raw=1"):
        answer = web.get(address)
        assert answer.status == 404
        assert "polar export" in answer.text and "outside" not in answer.text


def test_markdown_becomes_a_page_on_which_nothing_runs_or_leads_away(web: Web) -> None:
    """Tables, lists and emphasis are made; links, images and HTML stay the text that they are."""
    text = web.page("/artifacts/REACTIONS.md")
    page = Document(text)
    assert page.dangers() == []
    assert not [link for link in page.of("a") if "elsewhere" in (link["href"] or "")]
    assert [image["src"] for image in page.of("img")] == ["/static/icon.svg"]
    for shown in ("<script>alert(1)</script>", "[x](javascript:alert(1))", "![i](http://elsewhere.example/x.png)"):
        assert shown in page.text
    for shown in (
        "<http://elsewhere.example>",
        "[r]: javascript:alert(1)",
        '<div onclick="alert(1)">',
        "</code></pre><b>",
    ):
        assert shown in page.text
    assert "<strong>bold</strong>" in text and '<th scope="col">when</th>' in text
    assert "\u202e" not in text and "\u2066" not in text and page.text.count("U+202E") == 2


def test_headings_of_a_file_stand_below_the_page_s_own(web: Web) -> None:
    """One heading of the first level, which is the file's name."""
    text = web.page("/artifacts/REACTIONS.md")
    assert re.findall(r"<h1>(.*?)</h1>", text) == ["REACTIONS.md"]
    assert "<h2>Reactions</h2>" in text


def test_a_file_comes_as_it_is_for_programs(folder: Path, web: Web) -> None:
    """Byte by byte, however long, as plain text that no browser takes for a page."""
    for answer in (
        web.get("/artifacts/MEMORY.md?raw=1"),
        web.get("/artifacts/MEMORY.md", Accept="text/markdown"),
    ):
        assert answer.body == (folder / "MEMORY.md").read_bytes()
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_of_a_long_file_the_first_part_is_shown_up_to_the_end_of_a_line(web: Web) -> None:
    """The page says so, and leads to the whole."""
    text = web.page("/artifacts/MEMORY.md")
    assert 'first part of a long file. <a href="?raw=1">' in text
    assert text.count("<li>a fact, \ufffd not UTF-8</li>") == (MAX_SHOWN - len(TITLE)) // len(LINE)
    assert "first part" not in web.page("/artifacts/REACTIONS.md")


def test_one_endless_line_is_cut_too(tmp_path: Path) -> None:
    """There is no end of a line to cut at."""
    (tmp_path / "MEMORY.md").write_text("a" * (MAX_SHOWN + 10), encoding="utf-8")
    with serving(tmp_path / "none.db", artifacts=tmp_path) as served:
        assert served.page("/artifacts/MEMORY.md").count("a" * MAX_SHOWN) == 1


@pytest.mark.slow
def test_exports_are_behind_the_secret_like_all_pages(tmp_path: Path) -> None:
    """401 for a script without it."""
    opening.prepare(tmp_path / "polar.db", 1)[0].close()
    (tmp_path / "MEMORY.md").write_text("a secret memory", encoding="utf-8")
    with serving(tmp_path / "polar.db", artifacts=tmp_path, secret=SECRET) as served:
        refused = served.get("/artifacts/MEMORY.md?raw=1", Accept="text/plain")
        assert refused.status == 401 and "secret memory" not in refused.text
        given = served.get("/artifacts/MEMORY.md?raw=1", Authorization=f"Bearer {SECRET}")
        assert given.text == "a secret memory"
