"""Where a database is: a path or a server's URL, of which nobody is shown the password."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import care, engines
from storage.database import Database
from storage.errors import DatabaseUnusable
from storage.location import Location, ServerUrl, environment, parse
from tests.storage.files import NOW_MS

BASE = Path("/srv/polar")
SECRET = "correct horse/battery@staple?#"
URL = "postgresql://ann:correct%20horse%2Fbattery%40staple%3F%23@db.example:5433/polar?sslmode=verify-full"
SERVER = parse(URL, BASE)


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("polar.db", BASE / "polar.db"),
        ("/var/lib/polar.db", Path("/var/lib/polar.db")),
        ("postgresql:polar.db", BASE / "postgresql:polar.db"),
        ("postgresql://db.example/polar", ServerUrl("postgresql://db.example/polar")),
        ("postgres:///polar?host=/run/postgresql", ServerUrl("postgres:///polar?host=/run/postgresql")),
        ("postgresql://ann@[::1]:5432/polar", ServerUrl("postgresql://ann@[::1]:5432/polar")),
        ("postgresql://ann:pass@a:5432,b:5433/polar", ServerUrl("postgresql://ann@a:5432,b:5433/polar", "pass")),
        ("postgresql://ann:@db/polar", ServerUrl("postgresql://ann@db/polar")),
        (URL, ServerUrl("postgresql://ann@db.example:5433/polar?sslmode=verify-full", SECRET)),
    ],
)
def test_a_location_is_a_path_or_a_server(text: str, location: Location) -> None:
    """A relative path starts at a folder that the caller names."""
    assert parse(text, BASE) == location


@pytest.mark.parametrize(
    "text",
    [
        "mysql://ann:geheim@db/polar",
        "postgresql://ann:ge@heim@db/polar",
        "postgresql://ann:ge/heim@db/polar",
        "postgresql://ann:ge?heim@db/polar",
        "postgresql://ann:ge#heim@db/polar",
        "postgresql://db/polar#geheim",
        "postgresql://ann@db/polar?password=geheim",
        "postgresql://ann@db/polar?sslmode=require&sslpassword=geheim",
    ],
)
def test_what_may_show_a_password_is_refused_without_showing_it(text: str) -> None:
    """Where it ends must be clear; a parameter is part of what is shown."""
    with pytest.raises(ValueError) as raised:
        parse(text, BASE)
    assert "heim" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_server_is_shown_without_its_password() -> None:
    """Whatever shows it; another process is handed the rest as an argument."""
    for shown in (str(SERVER), repr(SERVER), f"{SERVER}", f"{[SERVER]}"):
        assert "horse" not in shown
        assert "ann@db.example:5433" in shown
    assert environment(SERVER) == {"PGPASSWORD": SECRET}
    assert environment(ServerUrl("postgresql://db/polar")) == environment(BASE) == {}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_for_another_process_means_the_same(password: str) -> None:
    """Whatever a password is made of."""
    assert isinstance(SERVER, ServerUrl)
    server = replace(SERVER, password=password)
    assert parse(server.written, BASE) == server


@pytest.fixture
def without_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without polar[postgres]."""
    monkeypatch.setattr(engines, "find_spec", lambda name: None)


@pytest.mark.usefixtures("without_driver")
async def test_a_server_cannot_be_used_without_what_speaks_with_one() -> None:
    """It is said what to install, whoever asks; not the password."""

    async def opened() -> None:
        await Database.open(SERVER, now_ms=NOW_MS)

    async def read() -> None:
        await engines.connect_readers(SERVER)

    for question in (opened, read):
        with pytest.raises(DatabaseUnusable, match=r"polar\[postgres\]") as raised:
            await question()
        assert "horse" not in str(raised.value)
    for open_it in (engines.beside, engines.snapshot, engines.identity, care.count, care.find_problems):
        with pytest.raises(DatabaseUnusable, match=r"polar\[postgres\]"):
            open_it(SERVER)
    assert "polar[postgres]" in care.look_at(SERVER).trouble


@pytest.mark.usefixtures("without_driver")
def test_what_is_a_files_is_told_apart() -> None:
    """A server has no file of ours, and no disk whose room we know."""
    state = care.look_at(SERVER)
    assert (state.version, state.exists, state.folder, state.disk_free) == (None, False, None, None)
    assert care.files_of(SERVER) == []
    assert care.look_through(SERVER, is_over=lambda: False) is None
