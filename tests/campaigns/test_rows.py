"""The same updates leave the same rows and make the same calls, however they come."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.receiving import merging
from storage.location import ServerUrl
from tests import cluster
from tests.campaigns.rows import WAYS, differences, told
from tests.campaigns.tale import Pressed, Tale


@pytest.mark.slow
async def test_the_same_rows_however_updates_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bursts, piece by piece, and with nothing that is handed over from memory."""
    monkeypatch.setattr(merging, "ALBUM_WINDOW_MS", 60)
    found = {}
    for way in WAYS:
        folder = tmp_path / way
        folder.mkdir()
        found[way] = await told(folder, 1, 120, way)
    assert {way: differences(found[way], found["bursts"]) for way in WAYS} == {way: {} for way in WAYS}


@pytest.mark.slow
async def test_the_same_rows_on_a_server(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tables of both engines, in order, and all calls."""
    monkeypatch.setattr(merging, "ALBUM_WINDOW_MS", 60)
    found = {}
    with cluster.database(server) as url:
        for name, where in (("file", None), ("server", ServerUrl(url))):
            (folder := tmp_path / name).mkdir()
            found[name] = await told(folder, 1, 120, "bursts", where)
    assert differences(found["server"], found["file"]) == {}


def test_a_tale_is_told_again_by_its_seed() -> None:
    """Step by step; with another seed it is another one."""
    one, same, other = (list(Tale(seed, 200).steps()) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_a_tale_holds_each_kind_of_update() -> None:
    """Presses, albums and what is merged included."""
    pieces = [piece for step in Tale(1, 600).steps() for piece in step.pieces]
    kinds = {kind for piece in pieces for given in piece if not isinstance(given, Pressed) for kind in given}
    assert kinds >= {
        "message",
        "edited_message",
        "channel_post",
        "message_reaction",
        "message_reaction_count",
        "my_chat_member",
        "chat_member",
    }
    assert any(isinstance(given, Pressed) for piece in pieces for given in piece)
    assert any(len(piece) > 1 and "media_group_id" in str(piece) for piece in pieces)
    assert any(len(piece) > 1 and "media_group_id" not in str(piece) for piece in pieces)


def test_what_differs_is_told_by_table() -> None:
    """A row that is missing, one that is there twice, and a table that only one has."""
    one = {"same": Counter(["a"]), "rows": Counter(["a", "b", "b"])}
    other = {"same": Counter(["a"]), "rows": Counter(["b", "c"]), "more": Counter(["d"])}
    assert differences(one, other) == {"rows": (["a", "b"], ["c"]), "more": ([], ["d"])}
