"""What the documentation points at is there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from bot.settings import Settings, variable
from storage import schema
from tests.docs.pages import PAGES, anchors, blocks, name, prose, words
from tests.house import CHECKOUT

LINK = re.compile(r"\]\(([^)\s]+)\)")
# In backticks: something with a folder or an ending, as our files have.
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|sql|svg|txt))`")
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
NOT_OURS = {".bench/", "artifacts/", "Europe/Berlin"}  # made when it is needed; no file
INSTALLED = (".venv/", ".venv-peers/")
MISTYPED = {"POLAR_RESPONDR"}
"""What a page shows to be found out as no setting."""
UNKNOWN_TABLES = {"polar_demo_bot", "polar_workers", "polar_memory_fts", "polar_memory_embeddings"}


def test_a_relative_link_leads_somewhere() -> None:
    """To a file that exists, and to a heading that it has."""
    links = {(page, target) for page in PAGES for target in LINK.findall(prose(page)) if "://" not in target}
    assert [(name(page), target) for page, target in links if not leads(page, target)] == []


def leads(page: Path, target: str) -> bool:
    """True for a link to what is there."""
    path, _, anchor = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    return found.exists() and (not anchor or anchor in anchors(found))


def test_a_file_that_is_named_exists() -> None:
    """Beside the page, or from the top of the checkout."""
    named = {(page, written) for page in PAGES for written in FILE.findall(prose(page))}
    ours = [(page, file) for page, file in named if file not in NOT_OURS and not file.startswith(INSTALLED)]
    assert [
        (name(page), file) for page, file in ours if not ((CHECKOUT / file).exists() or (page.parent / file).exists())
    ] == []


def test_a_make_target_that_is_named_exists() -> None:
    """In prose and in code blocks."""
    targets = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = [(page, text) for page in PAGES for text in [*IN_BACKTICKS.findall(prose(page)), *blocks(page, "sh")]]
    named = {(name(page), target) for page, text in code for target in re.findall(r"\bmake ([a-z]+)", text)}
    assert [each for each in named if each[1] not in targets] == []


def test_a_module_that_is_named_exists() -> None:
    """As `python -m`."""
    named = {(name(page), module) for page in PAGES for module in words(page, r"python -m ([\w.]+)")}
    assert [each for each in named if not importlib.util.find_spec(each[1])] == []


def test_a_setting_that_is_named_exists() -> None:
    """So that nobody sets what is not there."""
    known = {variable(field) for field in Settings.model_fields} | MISTYPED
    named = {(name(page), written) for page in PAGES for written in words(page, r"\bPOLAR_[A-Z_]+\b")}
    assert [each for each in named if each[1] not in known] == []


def test_a_table_or_index_that_is_named_exists() -> None:
    """Whatever starts with polar_ in backticks."""
    known = set(re.findall(r"\b(?:polar|idx)_\w+", schema.text())) | UNKNOWN_TABLES
    named = {(name(page), written) for page in PAGES for written in re.findall(r"`((?:polar|idx)_\w+)`", prose(page))}
    assert [each for each in named if each[1] not in known] == []


def test_every_page_is_in_the_index() -> None:
    """docs/README.md links to each page below it."""
    index = CHECKOUT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in LINK.findall(prose(index)) if "://" not in target}
    assert {page for page in PAGES if page.is_relative_to(index.parent)} - {index} <= linked
