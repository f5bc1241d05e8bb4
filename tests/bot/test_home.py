"""Where the operator's own files are: the checkout, or the current folder of an installed Polar."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from bot import home
from tests.house import CHECKOUT


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder as packages are installed in, with the `pyproject.toml` that some careless package leaves there."""
    (tmp_path / "site-packages" / "bot").mkdir(parents=True)
    (tmp_path / "site-packages" / "pyproject.toml").touch()
    return tmp_path / "site-packages"


def test_in_a_checkout_it_is_the_checkout_from_whatever_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a service or a terminal anywhere uses the same database."""
    monkeypatch.chdir(tmp_path)
    assert home.find() == home.Home(folder=CHECKOUT, demo="make demo")


def test_installed_it_is_the_current_folder(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is known of make."""
    monkeypatch.chdir(tmp_path)
    assert home.find(installed) == home.Home(folder=tmp_path, demo="polar demo")


def test_processes_find_a_checkout_first_and_otherwise_what_is_installed(installed: Path) -> None:
    """The module path of whoever calls stays behind it."""
    assert home.environment({"PYTHONPATH": "/theirs", "A": "b"}) == {
        "PYTHONPATH": f"{CHECKOUT}{os.pathsep}/theirs",
        "A": "b",
    }
    assert home.environment({}) == {"PYTHONPATH": str(CHECKOUT)}
    assert home.environment({"A": "b"}, installed) == {"A": "b"}


def test_processes_do_not_look_for_modules_in_the_current_folder() -> None:
    """-P, as `-m` alone would look there first."""
    assert home.command("web", "--listen", "x") == [sys.executable, "-P", "-m", "web", "--listen", "x"]


def test_the_packages_are_those_that_are_shipped() -> None:
    """Their names are taken."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["setuptools"]["packages"]
    assert {name.partition(".")[0] for name in packages} == home.PACKAGES
    on_disk = {
        file.parent.relative_to(CHECKOUT).as_posix().replace("/", ".")
        for package in home.PACKAGES
        for file in (CHECKOUT / package).rglob("*.py")
    }
    assert on_disk == set(packages)
