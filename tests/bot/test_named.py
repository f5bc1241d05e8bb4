"""What a setting names is found in the operator's folder; a name that is taken is told from one that is missing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.named import load_named
from tests.house import CHECKOUT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An operator's folder; what is imported from there is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
    importlib.invalidate_caches()


def write(folder: Path, name: str, text: str = "def answer(): ...\n") -> Path:
    """A file of the operator's."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def problem(name: str, folder: Path) -> str:
    """What is said of a name that cannot be used."""
    with pytest.raises(SettingsError) as error:
        load_named("POLAR_RESPONDER", name, folder)
    return str(error.value)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("own_module.py", "own_module:answer"),
        ("own_package/__init__.py", "own_package:answer"),
        ("own_namespace/part.py", "own_namespace.part:answer"),
    ],
)
def test_a_module_of_the_folder_is_found(folder: Path, file: str, name: str) -> None:
    """Whatever form it has; and its folder is the last of the module path."""
    write(folder, file)
    assert callable(load_named("POLAR_RESPONDER", name, folder))
    assert sys.path[-1] == str(folder)


def test_an_installed_module_is_found_as_well(folder: Path) -> None:
    """A folder of that name, which holds something else, is nothing to complain of."""
    write(folder, "typer/README.md", "my clone of typer")
    assert load_named("POLAR_RESPONDER", "typer:Typer", folder) is sys.modules["typer"].Typer


@pytest.mark.parametrize("package", ["bot", "emulator", "exports", "middleware", "storage", "web"])
@pytest.mark.parametrize("form", ["{}.py", "{}/__init__.py", "{}/mine.py"])
def test_a_name_of_ours_is_told_to_be_taken(folder: Path, package: str, form: str) -> None:
    """With the file that was meant, and with what has its name."""
    file = write(folder, form.format(package))
    name = f"{package}.mine" if file.stem == "mine" else package
    said = problem(f"{name}:answer", folder)
    assert said.startswith("POLAR_RESPONDER: ")
    for part in (str(file), f"the name {package!r} is taken by Polar itself", str(CHECKOUT / package), "rename"):
        assert part in said


def test_a_name_of_ours_is_told_to_be_taken_in_a_checkout_too(folder: Path) -> None:
    """There the file lies beside our package of the name."""
    write(folder, "own_twice/__init__.py", "")
    file = write(folder, "own_twice.py")
    said = problem("own_twice:answer", folder)
    assert str(file) in said
    assert str(folder / "own_twice") in said


@pytest.mark.parametrize("module", ["typer", "json", "sys"])
def test_a_name_of_an_installed_module_is_told_to_be_taken(folder: Path, module: str) -> None:
    """Of a library, of Python's own, and of what is built in."""
    file = write(folder, f"{module}.py")
    said = problem(f"{module}:answer", folder)
    assert str(file) in said
    assert f"the name {module!r} is taken by another module" in said


@pytest.mark.parametrize(
    ("file", "text", "name", "said"),
    [
        ("own_a.py", "", "own_a:answer", "'own_a' has no attribute 'answer'"),
        ("own_b.py", "import no_such_thing", "own_b:answer", "cannot import 'own_b' (No module named 'no_such_thing')"),
        ("own_c/part.py", "import no_such_thing", "own_c.part:answer", "No module named 'no_such_thing'"),
        ("own_d/__init__.py", "", "own_d.part:answer", "cannot import 'own_d.part'"),
        ("other.txt", "", "web:answer", "'web' has no attribute 'answer'"),
    ],
)
def test_what_is_missing_is_no_clash(folder: Path, file: str, text: str, name: str, said: str) -> None:
    """The file of the operator was found, or there is none."""
    write(folder, file, text)
    assert said in problem(name, folder)
    assert "taken" not in problem(name, folder)
