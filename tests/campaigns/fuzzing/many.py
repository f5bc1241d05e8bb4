"""A plugin of pytest: `-p tests.campaigns.fuzzing.many --examples 3000` gives each property so many examples."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests import WHOLE


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many."""
    parser.addoption("--examples", type=int, default=WHOLE.max_examples, help="examples of each property")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test is imported, as each says then how many it gets."""
    settings.register_profile("many", WHOLE, max_examples=config.getoption("--examples"))
    settings.load_profile("many")
