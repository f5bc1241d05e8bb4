"""What the buttons say when they are pressed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.automations.buttons import QUIET_PRESETS, JobPress, Verb, delete_row, quiet_rows
from bot.automations.proposals import ProposalPress
from bot.commands.own_data import ErasurePress

ID = st.text(max_size=16)
PRESSES = st.one_of(
    st.builds(JobPress, st.sampled_from(Verb), ID),
    st.builds(ProposalPress, ID, st.none() | st.integers(0, 9)),
    st.builds(ErasurePress, ID, st.integers(0, 2**40), st.booleans()),
)


@settings(deadline=None)
@given(PRESSES)
def test_a_press_comes_back_as_it_was_written_on_the_button(press: JobPress | ProposalPress | ErasurePress) -> None:
    """Whatever the id."""
    assert type(press).parse(press.data) == press


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (JobPress, "au:explode:j"),
        (JobPress, "au:"),
        (ProposalPress, "pr:p"),
        (ProposalPress, "pr:p:x"),
        (ProposalPress, "pr:p:0"),
        (ProposalPress, "pr:p:10"),
        (ErasurePress, "me:y"),
        (ErasurePress, "me:y:7:"),
        (ErasurePress, "me:y:7:-1"),
        (ErasurePress, "me:x:7:1"),
    ],
)
def test_what_no_button_says_is_no_press(
    kind: type[JobPress] | type[ProposalPress] | type[ErasurePress], data: str
) -> None:
    """Clients can send anything."""
    assert kind.parse(data) is None


def test_an_id_that_leaves_no_room_has_no_buttons() -> None:
    """As those of the earlier runtime may."""
    assert delete_row("j" * 54) != ()
    assert delete_row("j" * 55) == ()
    assert len(quiet_rows("j")) == len(QUIET_PRESETS)
