"""Tests of storage/; what is about one engine alone is in the folder of that engine."""

import pytest

ON_SQLITE = pytest.mark.parametrize("location", ["sqlite"], indirect=True)
"""For a test of what SQLite alone has."""
