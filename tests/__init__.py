"""What holds for each process of tests, before it imports anything of ours.

Properties are held without regard to how long an example takes, which is the machine's business and no rule.
"""

import gc
import os
import sys

from hypothesis import HealthCheck, settings

# What is imported and collected stays; looking through it for garbage takes a quarter of the time that collecting does.
# The conftest's `pytest_runtestloop` ends this.
gc.disable()

# Images of Python like to set it; each process of tests, and each that a test starts, would compile all of ours.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

WHOLE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100)
settings.register_profile("whole", WHOLE)
settings.register_profile("quick", WHOLE, max_examples=20)
settings.load_profile("whole")


def examples(number: int) -> settings:
    """How many a property gets in the whole suite; the quick part, for after a small change, makes a fifth of them.

    Where more are asked for than that, as `make fuzz` does, each gets that many.
    """
    asked = settings().max_examples
    made = max(number, asked) if asked > WHOLE.max_examples else number * asked // WHOLE.max_examples
    return settings(max_examples=max(1, made))
