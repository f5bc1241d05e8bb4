"""What it takes to read a model's Markdown, beside what markdown-it-py takes by itself to make HTML of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from markdown_it import MarkdownIt

from benchmarks.page import Section
from benchmarks.stage import Stage
from bot.sending.preview import last_part
from middleware.replies.rich_text import rich, split_rich

LENGTH, ROUNDS = 20_000, 15
GOAL_MS = 40
PART = (
    "## Part {n}\n\nThis is **part {n}** with [a link](https://example.org/{n}), 😀 and `code{n}`, for $5 *each*.\n\n"
    "1. First:\n   ```python\n   for i in range({n}):\n       print(i)\n   ```\n   and then\n2. **second**\n\n"
    "| name | value |\n|---|---|\n| a{n} | `b | c` |\n\n> Said {n} times.\n\n"
)
ANSWER = "".join(PART.format(n=n) for n in range(LENGTH // 200))[:LENGTH]
TEXTS = {
    "an answer": ANSWER,
    "words alone": ("word " * 12 + "\n") * (LENGTH // 61),
    "nothing but `[`": "[" * LENGTH,
}


def measure(stage: Stage) -> Section:
    """As a section; no bot is needed for it."""
    html = MarkdownIt("commonmark").enable("table")
    rows = []
    for name, text in TEXTS.items():
        ours, theirs, grown = _ms(_messages, text), _ms(html.render, text), _ms(last_part, text)
        goal = f"at most {GOAL_MS}, {'met' if ours <= GOAL_MS else 'not met'}" if text is ANSWER else ""
        rows.append([name, f"{ours:.1f}", goal, f"{theirs:.1f}", f"{ours / theirs:.2f}", f"{grown:.1f}"])
    return Section(
        words=f"Milliseconds of the processor for {LENGTH:,} characters, the median of {ROUNDS} rounds: until they are "
        "messages with entities, until markdown-it-py has made HTML of them, and until what is seen of them while they "
        "are written is ready.",
        headings=["text", "Polar", "goal", "HTML", "ratio", "while it grows"],
        rows=rows,
    )


def _messages(text: str) -> object:
    return split_rich(rich(text))


def _ms(work: Callable[[str], object], text: str) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work(text)
        took.append((time.process_time() - began) * 1000)
    return median(took)
