"""Every rule is held by both transports."""

from __future__ import annotations

import pytest

from tests.bot.http.serving import TRANSPORTS


@pytest.fixture(params=TRANSPORTS)
def kind(request: pytest.FixtureRequest) -> str:
    """The name of each transport in turn."""
    return str(request.param)
