"""`python -m tests.web.browser.stopped MS …`: `python -m web …` at an instant that stands still, for pictures."""

from __future__ import annotations

import runpy
import sys
import time

if __name__ == "__main__":
    now_ms = int(sys.argv.pop(1))
    time.time_ns = lambda: now_ms * 1_000_000
    runpy.run_module("web", run_name="__main__", alter_sys=True)
