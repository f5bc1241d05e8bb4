"""Where a bot's time goes: its event loop's stack, looked at a thousand times a second, and each thread's CPU time."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType, TracebackType
from typing import Self

INTERVAL_S = 0.001
OTHER = "other"
# The innermost frame that one of these describes decides; what none describes (json, uuid, re, enum) counts to
# its caller. A rule is an area, a part of the file name, and names of functions in it, all when there are none.
RULES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("waiting", "/selectors.py", ("EpollSelector.select",)),
    ("polling: HTTP", "/telegram/request/", ()),
    ("polling: HTTP", "/telegram/ext/_updater.py", ()),
    ("polling: HTTP", "/telegram/ext/_extbot.py", ()),
    ("polling: HTTP", "/telegram/_bot.py", ()),
    ("polling: HTTP", "/aiohttp/", ()),
    ("polling: HTTP", "/httpx/", ()),
    ("polling: HTTP", "/httpcore/", ()),
    ("polling: HTTP", "/h11/", ()),
    ("polling: HTTP", "/anyio/", ()),
    ("PTB dispatch", "/telegram/ext/", ()),
    ("parsing: JSON, Update.de_json", "/telegram/", ()),
    ("parsing: JSON, Update.de_json", "/bot/receiving/processor.py", ("parse",)),
    ("logging", "/logging/", ()),
    ("logging", "/bot/logs.py", ()),
    ("ingress: envelope, journal", "/bot/receiving/envelope.py", ()),
    ("polling: HTTP", "/bot/http/", ()),
    ("ingress: envelope, journal", "/bot/app.py", ("App.keep",)),
    ("ingress: envelope, journal", "/storage/tables/updates.py", ("Updates.add",)),
    ("processor, lanes", "/bot/receiving/processor.py", ()),
    ("processor, lanes", "/bot/receiving/lanes.py", ()),
    ("processor, lanes", "/storage/tables/updates.py", ()),
    ("reads", "/aiosqlite/", ()),
    ("reads", "/storage/readers.py", ()),
    ("reads", "/storage/sqlite/group_reader.py", ()),
    ("reads", "/storage/database.py", ("Database.fetch", "Database.look_up", "Database._reading")),
    ("commit, on the loop", "/storage/database.py", ()),
    ("turn, chain, middleware", "/bot/", ()),
    ("turn, chain, middleware", "/middleware/", ()),
    ("turn, chain, middleware", "/storage/", ()),
    ("asyncio", "/asyncio/", ()),
    ("asyncio", "/contextlib.py", ()),
)


@dataclass(slots=True, kw_only=True)
class Profile:
    """Microseconds an update: of the loop's time by area and by function, and of CPU time by thread."""

    areas: dict[str, float]
    functions: dict[str, float]
    threads: dict[str, float]
    collecting_us: float
    """Of the loop's time, what the garbage collector takes; it is part of the areas."""
    samples: int


@dataclass(slots=True)
class Sampler:
    """Looks at the main thread while it is entered; takes some percent of its time."""

    _stacks: Counter[tuple[CodeType, ...]] = field(default_factory=Counter)
    _started: float = 0
    _elapsed: float = 0
    _cpu: dict[int, float] = field(default_factory=dict)
    _threads: dict[str, float] = field(default_factory=dict)
    _collecting: float = 0
    _collection_started: float = 0

    def __enter__(self) -> Self:
        """Start looking; the main thread only."""
        self._cpu = {thread.ident or 0: _cpu_of(thread) for thread in threading.enumerate()}
        gc.callbacks.append(self._note_collection)
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, INTERVAL_S, INTERVAL_S)
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop looking."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._elapsed = time.perf_counter() - self._started
        gc.callbacks.remove(self._note_collection)
        for thread in threading.enumerate():
            used = _cpu_of(thread) - self._cpu.get(thread.ident or 0, 0)
            self._threads[thread.name] = self._threads.get(thread.name, 0) + used

    def _look(self, number: int, frame: FrameType | None) -> None:
        stack = []
        while frame is not None:
            stack.append(frame.f_code)
            frame = frame.f_back
        self._stacks[tuple(stack)] += 1

    def _note_collection(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._collection_started = time.perf_counter()
        else:
            self._collecting += time.perf_counter() - self._collection_started

    def result(self, updates: int) -> Profile:
        """What was seen, shared out over so many updates."""
        samples = self._stacks.total()
        each_us = self._elapsed / max(1, samples) / updates * 1e6
        areas: Counter[str] = Counter()
        functions: Counter[str] = Counter()
        for stack, count in self._stacks.items():
            area, function = _place(stack)
            areas[area] += count
            functions[f"{area}: {function}"] += count
        return Profile(
            areas={area: count * each_us for area, count in areas.most_common()},
            functions={name: count * each_us for name, count in functions.most_common(40)},
            threads={name: used / updates * 1e6 for name, used in self._threads.items()},
            collecting_us=self._collecting / updates * 1e6,
            samples=samples,
        )


def _cpu_of(thread: threading.Thread) -> float:
    if thread.ident is None:
        return 0.0
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


def _place(stack: tuple[CodeType, ...]) -> tuple[str, str]:
    """Area and function of a stack, innermost frame first."""
    for code in stack:
        area = next(_areas_of(code), None)
        if area is not None:
            return area, f"{code.co_filename.rpartition('/')[2]} {code.co_qualname}"
    return OTHER, stack[0].co_qualname if stack else ""


def _areas_of(code: CodeType) -> Iterator[str]:
    for area, path, names in RULES:
        if path in code.co_filename and (not names or code.co_qualname in names):
            yield area
