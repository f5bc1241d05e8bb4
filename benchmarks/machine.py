"""What a measurement was made on: machine, programs, the disk's pace, and how busy others kept it."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

FSYNCS = 60
PAGE = 4096
BUSY_SHARE = 0.1
"""From this part of the processors on, what others take is worth a warning."""


def described(folder: Path, fsync_ms: float) -> str:
    """One line about the machine, the programs and the disk."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB; {platform.system()} {kernel}, "
        f"{_file_system(folder)}, an fsync takes {fsync_ms:.2f} ms; "
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def today() -> str:
    """The date, as UTC has it."""
    return datetime.now(UTC).date().isoformat()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    mounted = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    above = [(point, kind) for point, kind in mounted if folder.resolve().is_relative_to(point)]
    return max(above, key=lambda mount: len(mount[0]))[1]


def fsync_ms(folder: Path, gap_s: float) -> float:
    """The median time until a page that was appended to a file is on the disk; `gap_s` lies before each."""
    took = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(FSYNCS):
            time.sleep(gap_s)
            file.write(b"p" * PAGE)
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return median(took)


class Others:
    """Tells what part of all processors other programs took since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._ours_s, self._all_s = _ours_s(), _all_s()

    def share(self) -> float:
        """From 0 to 1."""
        elapsed_s = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        others_s = (_all_s() - self._all_s) - (_ours_s() - self._ours_s)
        return min(1.0, max(0.0, others_s / elapsed_s))

    def told(self) -> str:
        """As a sentence."""
        share = self.share()
        if share < BUSY_SHARE:
            return "The machine was quiet."
        return f"The machine was **busy**: other programs took {share:.0%} of its processors meanwhile."


def _ours_s() -> float:
    """Processor time of this process, and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _all_s() -> float:
    """Processor time of the whole machine; idle, waiting for the disk and guests left out."""
    user, nice, system, _idle, _waiting, irq, soft, stolen = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + soft + stolen) / os.sysconf("SC_CLK_TCK")
