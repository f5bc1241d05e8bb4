"""Programs that are run by hand, and for long: random faults (`make faults`), and a life in a row (`make soak`).

They stand among the tests, as they use what tests share: the house, the emulator, processes that are killed.
"""

import signal

INSIDE = "tests.campaigns.inside:injected"
"""The middleware that a bot of the campaign has; only that process imports it."""
READ_FAILS, TURN_FAILS, TASKS_SHOWN = signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT
"""What that bot is told by a signal."""


def end_as_by_ctrl_c() -> None:
    """Whoever asks this program to end has its bot ended too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
