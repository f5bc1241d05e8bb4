"""The path of an operator, from nothing to a copy that came back, goes as docs/tutorial/keep-it-alive.md tells it."""

from __future__ import annotations

import re
import stat

import pytest

from tests.docs.pages import DOCS, blocks
from tests.docs.upkeep import Called, Operator, walk
from tests.house import House
from tests.looking import MARK, files_with

PAGE = DOCS / "tutorial" / "keep-it-alive.md"
CUT = "…"
"""A line of the page in whose place more was printed."""


def shape(text: str) -> str:
    """A text without what is otherwise each time: numbers, ids, folders, and where a line ends."""
    plain = re.sub(r"/\S+/(?=\.env|polar-system\.db)", "/…/", text)
    plain = re.sub(r"http://127\.0\.0\.1:\d+", "http://…", plain)
    plain = re.sub(r"start=\w+", "start=…", plain)
    plain = re.sub(r"\b(?:make|polar) run\b", "run", plain)  # as the tests run in a checkout
    return " ".join(re.sub(r"\d[\d.,:TZ-]*", "#", plain).split())


def told(printed: str, shown: str) -> bool:
    """True if a page's block is what was printed, but for what it leaves out."""
    rest = shape(printed)
    parts = [shape(part) for part in re.split(rf"^{CUT}$", shown, flags=re.MULTILINE)]
    for part in filter(None, parts):
        _, found, rest = rest.partition(part)
        if not found:
            return False
    return True


def shown_on_page() -> list[tuple[str, str]]:
    """Each command of `polar`, and what the page says that it prints."""
    found = []
    for block in blocks(PAGE, "console"):
        command, _, printed = block.partition("\n")
        found.append((command.removeprefix("$ "), printed))
    return found


def is_green(called: Called) -> bool:
    """True if doctor finds everything well."""
    return called.status == 0 and not any(word in called.printed for word in (" to look at", "failed", "not known"))


@pytest.mark.slow
async def test_an_operator_keeps_a_bot_alive(house: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up, spoilt and mended, copied, erased, restored: nothing comes twice, nobody erased returns, all is well."""
    operator = Operator(house, tmp_path_factory.mktemp("terminal"))
    sent = await walk(operator)
    assert stat.S_IMODE(operator.env.stat().st_mode) == 0o600
    doctor = [called for called in operator.log if called.command == "polar doctor"]
    assert [is_green(called) for called in doctor] == [
        *(True, False, False, False, False, True),  # as it was set up, four faults, and all of them mended
        *(False, True, False),  # no bot runs; it runs again; somebody else polls
    ]
    [refused, restored] = [called for called in operator.log if "restore" in called.command]
    assert (refused.status, restored.status) == (1, 0)
    assert sent == ["You told me:\n• my bike is green", f"{MARK}pong"]
    assert b"Oslo" in (house.folder / "before.db").read_bytes()
    assert files_with(house, "Oslo") == []
    assert house.rows("SELECT count(*) FROM polar_memory WHERE userId = ?", str(operator.ben.id)) == [(0,)]
    for command, printed in shown_on_page():
        said = [called.printed for called in operator.log if shape(called.command) == shape(command)]
        assert any(told(each, printed) for each in said), f"{command}\n{printed}\n\nwas printed:\n{said}"
