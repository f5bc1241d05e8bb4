"""What the command line hands to the processes that only read: of a server's URL no password, where others read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

import pytest

import exports.__main__ as exports_main
import web.__main__ as web_main
from bot.cli.demo import demo
from bot.cli.export import export
from bot.cli.web import web

URL, PASSWORD = "postgresql://ann:hush%2Fhush@db/polar", "hush/hush"


@pytest.mark.parametrize("command", [export, web, partial(demo, database=URL)], ids=["export", "web", "demo"])
def test_the_password_is_no_argument(command: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments can be read by everybody; the environment of a process by its user alone."""
    given: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setenv("POLAR_DATABASE", URL)
    monkeypatch.setattr(os, "execve", lambda program, arguments, environment: given.append((arguments, environment)))
    command()
    [(arguments, environment)] = given
    assert "postgresql://ann@db/polar" in " ".join(arguments)
    assert "hush" not in " ".join(arguments)
    assert environment["PGPASSWORD"] == PASSWORD


@pytest.mark.parametrize("main", [exports_main.main, web_main.main], ids=["exports", "web"])
def test_an_address_that_is_refused_is_not_shown(
    main: Callable[[], int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may hold a password; why it is refused is said."""
    monkeypatch.setattr(sys, "argv", ["polar", "--database", "postgresql://ann:hu/sh@db/polar"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().err
    assert "%2F" in said
    assert "ann" not in said
