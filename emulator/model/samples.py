"""Markdown to show: a little of each kind, and a long answer with more links than a message may have."""

from __future__ import annotations

ABOUT = """\
**Polar** keeps what you say:

1. it is written down *before* it is acknowledged,
2. an answer is queued in the same commit,
3. and `kill -9` loses neither.

```python
async def handle(turn):
    return await chain(turn)
```

I am only *canned*; all around me is real."""
MARKDOWN = """\
## What I can write

- **bold**, *italic*, ~~struck~~ and `code`
- a list within a list:
  1. first
  2. second

| what | count |
|:-----|------:|
| apples | 3 |
| oranges | 12 |

```python
def greet(name: str) -> str:
    return f"Hello, {name}!"
```

> A quotation, and [a link](https://core.telegram.org/bots/api)."""
LINKS = 300
LENGTH = 20_000


def long_answer(length: int = LENGTH, links: int = LINKS) -> str:
    """Markdown of exactly this many characters; code blocks and tables between as many links."""
    parts = ["# Everything about it\n\n", _code(0), _table(0)]
    for number in range(links):
        parts.append(f"- See [page {number}](https://example.org/{number}) for *more*.\n")
        if number % 60 == 59:
            parts += ["\n", _code(number), _table(number)]
    text = "".join(parts)
    filler = "And so it goes on, one plain sentence after the other. "
    while len(text) + len(filler) <= length:
        text += filler if len(text) % 7 else f"{filler.rstrip()}\n\n"
    return text + "x" * (length - len(text))


def _code(number: int) -> str:
    return f"```python\ndef answer_{number}(turn: int) -> str:\n    return f'{{turn}} < {number} & more'\n```\n\n"


def _table(number: int) -> str:
    return f"| name | value |\n|---|---|\n| first | {number} |\n| second_one | `{number + 1}` |\n\n"
