"""Markdown as models write it."""


def twenty_thousand() -> str:
    """An answer as long as a model may make it, with all that is hard about it."""
    section = (
        "## Part {n}\n\nThis is **part {n}** with [a link](https://example.org/{n}), 😀 and `code{n}`.\n\n"
        "| name | value |\n|---|---|\n| a{n} | <b> |\n\n```python\nfor i in range({n}):\n    print(i)\n```\n"
    )
    return "\n".join(section.format(n=n) for n in range(300))
