"""Programs that are run by hand, and for long: `make faults`, `standbys`, `soak`, `rows`, `abuse`, `fuzz` and `trials`.

They stand among the tests, as they use what tests share: the house, the emulator, processes that are killed.
"""

import signal
from types import FrameType

INSIDE = "tests.campaigns.inside:injected"
"""The middleware that a bot of the campaign has; only that process imports it."""
READ_FAILS, TURN_FAILS, TASKS_SHOWN = signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT
"""What that bot is told by a signal."""


def end_as_by_ctrl_c() -> None:
    """Whoever asks this program to end has its bot ended too.

    As asyncio takes SIGINT: the main task is cancelled where it waits. An exception out of the blue would leave a bot
    alone that is just being started.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell puts into the background ignores it
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)
