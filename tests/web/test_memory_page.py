"""The page that searches everybody's memories."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from storage.engines import connect_readers
from storage.sqlite import opening
from storage.views import listings, memory_listings
from tests.storage.files import NOW_MS, plain
from tests.web.house import Document, Web, serving
from tests.web.rows import ANN, BOB, Rows
from tests.web.seeding import HOSTILE

COUNT = 120


def write(path: Path) -> None:
    """Two people's memories, each a second older than the one written after it."""
    connection, _ = opening.prepare(path, NOW_MS)
    with closing(connection):
        made = Rows(connection, NOW_MS)
        for number in range(COUNT):
            fact = f"The {'garden gate' if number % 3 == 0 else 'bicycle'} has number {number}, 100% sure"
            made.add_memory(f"memory-{number}", (ANN, BOB)[number % 2], fact, NOW_MS + number * 1000)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database."""
    made: Path = tmp_path_factory.mktemp("memory") / "polar.db"
    write(made)
    return made


@pytest.fixture(scope="module")
def unindexed(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A dashboard of the same rows, last written by a SQLite without FTS5."""
    copy = tmp_path_factory.mktemp("unindexed") / "polar.db"
    with plain(database) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    with plain(copy) as connection:
        connection.execute("DROP TABLE polar_memory_fts")
        connection.execute("INSERT INTO polar_properties VALUES ('memory_index_stale', '1')")
    with serving(copy) as served:
        yield served


def numbers(web: Web, query: str) -> list[int]:
    """Which facts a search finds, over all its pages."""
    found: list[int] = []
    address: str | None = f"/memory?{query}"
    while address:
        text = web.page(address)
        found += map(int, re.findall(r"has number (\d+)", text))
        address = next((link["href"] for link in Document(text).of("a") if link.get("rel") == "next"), None)
    return found


@pytest.fixture(params=["web", "unindexed"])
def either(request: pytest.FixtureRequest) -> Web:
    """With the index and without."""
    found: Web = request.getfixturevalue(request.param)
    return found


def test_without_words_the_newest_memory_of_all_comes_first(either: Web) -> None:
    """Everybody's, each once, page by page."""
    assert numbers(either, "") == list(range(COUNT - 1, -1, -1))


def test_every_word_has_to_occur(either: Web) -> None:
    """In any order, newest first, over all pages."""
    garden = [number for number in range(COUNT - 1, -1, -1) if number % 3 == 0]
    assert numbers(either, "q=garden") == garden
    assert numbers(either, "q=gate+The+GARDEN") == garden
    assert numbers(either, "q=gate+bicycle") == []
    assert numbers(either, "q=bicycle") == [number for number in range(COUNT - 1, -1, -1) if number % 3]


def test_a_search_can_be_kept_to_a_user_and_a_chat(either: Web) -> None:
    """By the chat's number as the page shows it, or by its session."""
    even = [number for number in range(COUNT - 1, -1, -1) if number % 2 == 0]
    assert numbers(either, "user=1001") == even
    assert numbers(either, "session=1001") == numbers(either, f"session={quote(ANN)}") == even
    assert numbers(either, f"session={quote(ANN)}&user=1002") == []
    assert numbers(either, "q=garden&user=1001") == [number for number in even if number % 3 == 0]


@pytest.mark.parametrize(
    "words",
    [
        '"',
        "garden OR bicycle",
        'NEAR("garden gate")',
        "searchableText:garden",
        "garden*",
        "100%",
        "_",
        "' OR 1=1 --",
        "👍",
        "^(",
    ],
)
def test_signs_of_a_query_language_mean_nothing(either: Web, words: str) -> None:
    """No error, and no more found than the words in it say: `garden OR bicycle` is three words."""
    found = numbers(either, f"q={quote(words)}")
    expected = {"garden*": COUNT // 3, "100%": COUNT}
    assert len(found) == expected.get(words, 0)


def test_a_page_says_why_it_is_empty(web: Web) -> None:
    """And keeps what was typed."""
    text = web.page("/memory?q=%22%3E%3Cb%3Ezebra")
    assert "Nothing found" in text
    assert Document(text).of("input")[0]["value"] == '"><b>zebra'
    assert web.get(f"/memory?q={'a' * 501}").status == 400


async def test_a_search_for_what_is_rare_stops_and_goes_on(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page looks at SPAN memories at most, with words and without, and the last finds what is there."""
    monkeypatch.setattr(listings, "SPAN", 25)
    with plain(database) as connection:
        assert connection.execute("SELECT count(*) FROM polar_memory_fts").fetchone() == (COUNT,)
    readers = await connect_readers(database)
    try:
        for words in ("", "garden"):
            before, pages, found = listings.NEWEST, 0, 0
            while True:
                page = await memory_listings.memories(readers, text=words, session=ANN, before=before)
                pages, found = pages + 1, found + len(page.rows)
                if page.next is None:
                    break
                assert page.is_cut
                before = page.next
            assert (pages, found) == ((5, COUNT // 2) if not words else (2, COUNT // 6))
    finally:
        await readers.close()


async def test_what_is_read_without_an_index_is_read_block_by_block(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small the blocks are, the same is found, a page each time."""
    readers = await connect_readers(database)
    readers.has_memory_index = False
    monkeypatch.setattr(memory_listings, "RECORDS", memory_listings.RECORDS.replace("LIMIT 500", "LIMIT 7"))
    monkeypatch.setattr(memory_listings, "BLOCK", 7)
    try:
        first = await memory_listings.memories(readers, text="bicycle number")
        assert first.next is not None and len(first.rows) == listings.PAGE
        rest = await memory_listings.memories(readers, text="bicycle number", before=first.next)
        assert rest.next is None and len(first.rows) + len(rest.rows) == COUNT * 2 // 3
        assert await memory_listings.memories(readers, text="zebra") == listings.ListPage([], None)
    finally:
        await readers.close()


@pytest.mark.parametrize("query", [memory_listings.SEARCH_INDEX, memory_listings.SEARCH_ROWS, memory_listings.RECORDS])
def test_a_page_reads_in_the_order_of_entry(database: Path, query: str) -> None:
    """Nothing is sorted, so that a page of a million costs what one of a hundred does."""
    params = {"before": 9, "floor": 0, "session": None, "user": None, "query": "a"}
    with opening.reading(database) as connection:
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", params)]
    assert not [step for step in plan if "TEMP B-TREE" in step or re.match("SCAN m", step)], plan


def test_what_means_harm_is_only_text(harmed_web: Web) -> None:
    """Nothing of a row runs, leads away or hides; it is there to read."""
    text = harmed_web.page("/memory")
    assert "alert" in Document(harmed_web.page("/memory?q=script+alert")).text
    page = Document(text)
    assert page.dangers() == []
    assert "<script>alert(1)</script>" in page.text
    assert "U+202E" in page.text and "\u202e" not in text
    assert HOSTILE[5] not in text
