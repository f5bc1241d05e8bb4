"""Lines sorted by their ids, beyond what memory holds."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.feedback.files import SortedLines
from tests import examples

IDS = st.integers(min_value=0, max_value=2**32 - 1).map(lambda number: f"{number:08x}")


@examples(30)
@given(st.dictionaries(IDS, st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=20)))
def test_lines_come_out_by_their_ids(lines: dict[str, str]) -> None:
    """Whatever they hold, in whichever order they came, and nothing is left in the folder."""
    place = Path("/tmp")  # noqa: S108 - nothing with a name is made there
    with SortedLines.open(place) as found:
        for row_id, line in lines.items():
            found.add(row_id, line)
        assert list(found) == [line for _, line in sorted(lines.items())]


def test_nothing_of_them_has_a_name(tmp_path: Path) -> None:
    """So nothing is left of them by a process that is killed."""
    with SortedLines.open(tmp_path) as lines:
        lines.add("00", "a line")
        assert list(tmp_path.iterdir()) == []


@examples(30)
@given(st.lists(st.tuples(IDS, st.text("ab", max_size=3)), max_size=30), st.integers(min_value=0, max_value=60))
def test_what_has_no_room_in_memory_waits_on_the_disk(lines: list[tuple[str, str]], room: int) -> None:
    """However little room there is, and again when they are asked for once more."""
    with SortedLines.open(Path("/tmp"), room=room) as found:  # noqa: S108 - nothing with a name is made there
        for row_id, line in lines:
            found.add(row_id, line)
        in_order = [line for _, line in sorted(lines)]
        assert list(found) == in_order
        assert list(found) == in_order
