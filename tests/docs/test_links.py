"""What the documentation points at is there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from bot.settings import Settings, variable
from storage import schema
from tests.docs.pages import PAGES, anchors, blocks, name, prose, words
from tests.house import CHECKOUT

LINK = re.compile(r"\]\(([^)\s]+)\)")
# In backticks: something with a folder or an ending, as our files have.
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|sql|svg|txt))`")
NOT_OURS = {".bench/", "artifacts/", "Europe/Berlin"}  # made when it is needed; no file
MISTYPED = {"POLAR_RESPONDR"}
"""What a page shows to be found out as no setting."""
UNKNOWN_TABLES = {"polar_demo_bot", "polar_workers", "polar_memory_fts", "polar_memory_embeddings"}

every_page = pytest.mark.parametrize("page", PAGES, ids=name)


@every_page
def test_a_relative_link_leads_somewhere(page: Path) -> None:
    """To a file that exists, and to a heading that it has."""
    for target in LINK.findall(prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{name(page)} links to {target}"
        assert not anchor or anchor in anchors(found), f"{name(page)} links to {target}"


@every_page
def test_a_file_that_is_named_exists(page: Path) -> None:
    """Beside the page, or from the top of the checkout."""
    for written in FILE.findall(prose(page)):
        if written not in NOT_OURS and not written.startswith((".venv/", ".venv-peers/")):
            assert (CHECKOUT / written).exists() or (page.parent / written).exists(), f"{name(page)} names {written}"


@every_page
def test_a_make_target_that_is_named_exists(page: Path) -> None:
    """In prose and in code blocks."""
    targets = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = "\n".join([*re.findall(r"`([^`\n]+)`", prose(page)), *blocks(page, "sh")])
    for target in re.findall(r"\bmake ([a-z]+)", code):
        assert target in targets, f"{name(page)} names make {target}"


@every_page
def test_a_module_that_is_named_exists(page: Path) -> None:
    """As `python -m`."""
    for module in words(page, r"python -m ([\w.]+)"):
        assert importlib.util.find_spec(module), f"{name(page)} names {module}"


@every_page
def test_a_setting_that_is_named_exists(page: Path) -> None:
    """So that nobody sets what is not there."""
    known = {variable(field) for field in Settings.model_fields} | MISTYPED
    for written in words(page, r"\bPOLAR_[A-Z_]+\b"):
        assert written in known, f"{name(page)} names {written}"


@every_page
def test_a_table_or_index_that_is_named_exists(page: Path) -> None:
    """Whatever starts with polar_ in backticks."""
    known = set(re.findall(r"\b(?:polar|idx)_\w+", schema.text())) | UNKNOWN_TABLES
    for written in re.findall(r"`((?:polar|idx)_\w+)`", prose(page)):
        assert written in known, f"{name(page)} names {written}"


def test_every_page_is_in_the_index() -> None:
    """docs/README.md links to each page below it."""
    index = CHECKOUT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in LINK.findall(prose(index)) if "://" not in target}
    assert {page for page in PAGES if page.is_relative_to(index.parent)} - {index} <= linked
