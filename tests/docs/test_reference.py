"""The reference pages say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import reference
from bot.settings import Settings, variable
from tests.docs.pages import name


def present(path: Path) -> str:
    """A page as it is."""
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made() -> dict[Path, str]:
    """What `make docs` would write now."""
    return reference.pages(reference.read_meanings(present(reference.SCHEMA)))


@pytest.mark.parametrize(
    "path", [reference.SETTINGS, reference.COMMANDS, reference.SCHEMA, reference.ENV_EXAMPLE], ids=name
)
def test_a_reference_page_is_up_to_date(path: Path, made: dict[Path, str]) -> None:
    """Every setting, command, table and column is in it, with its default; `make docs` makes it anew."""
    assert present(path) == made[path], "run: make docs"


def test_every_setting_is_documented_with_its_default() -> None:
    """Independently of how the page is made."""
    written = dict(re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`|empty) \|", present(reference.SETTINGS), re.MULTILINE))
    assert written == reference.defaults()
    assert all(info.description for info in Settings.model_fields.values())


def test_every_table_and_column_is_explained() -> None:
    """A new one comes with an empty explanation, which somebody has to write."""
    meanings = reference.read_meanings(present(reference.SCHEMA))
    in_fact = reference.read_meanings(reference.schema_page(dict.fromkeys(meanings, "x")))
    assert set(meanings) == set(in_fact)
    assert [key for key, meaning in meanings.items() if not meaning] == []


def test_an_explanation_survives_the_making() -> None:
    """Only the facts around it are made anew."""
    page = present(reference.SCHEMA)
    assert reference.schema_page(reference.read_meanings(page)) == page


def test_a_column_without_an_explanation_is_noticed() -> None:
    """The page is made, and read back with an empty meaning."""
    meanings = reference.read_meanings(present(reference.SCHEMA))
    del meanings["polar_updates", "lane"]
    assert reference.read_meanings(reference.schema_page(meanings))["polar_updates", "lane"] == ""


def test_a_table_without_a_line_of_its_own_stays_without_one() -> None:
    """However often the page is made, until somebody writes what the table is for."""
    meanings = reference.read_meanings(present(reference.SCHEMA))
    del meanings["polar_updates", ""]
    page = reference.schema_page(meanings)
    assert reference.schema_page(reference.read_meanings(page)) == page


def test_the_example_of_env_holds_every_setting_with_its_default(tmp_path: Path) -> None:
    """Taken as it is it sets nothing; with every line taken in, it sets what is set anyway."""
    example = present(reference.ENV_EXAMPLE)
    written = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert written == reference.defaults()
    assert set(written) == {variable(field) for field in Settings.model_fields}
    everything = tmp_path / ".env"
    everything.write_text(re.sub(r"^#([A-Z_]+=)", r"\1", example, flags=re.MULTILINE), encoding="utf-8")
    for env_file in (reference.ENV_EXAMPLE, everything):
        assert Settings(_env_file=env_file) == Settings(_env_file=None)  # type: ignore[call-arg]
