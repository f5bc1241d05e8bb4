"""The part of an unfinished answer that is shown: the one that is being written."""

from __future__ import annotations

from middleware.markdown.growing import settled
from middleware.replies.rich_text import RichText, rich, split_rich
from middleware.replies.splitting import LIMIT

PAGE = 3_000
"""Characters. Of a text that has more than two pages, only those behind the beginning of the last but one are read."""
LONGEST_FENCE = 100
_FENCE = "\n```"


def last_part(markdown: str) -> RichText:
    """The answer that is being written, as one message; it takes as long for a long text as for a short one.

    Empty where nothing of it can be read yet.
    """
    readable = settled(_end(markdown))
    parts = split_rich(rich(readable), LIMIT) if readable.strip() else ()
    return parts[-1] if parts else RichText("")


def _end(markdown: str) -> str:
    """The last lines. They begin at the same place for as long as a page is being written."""
    page = (len(markdown) // PAGE - 1) * PAGE
    if page <= 0:
        return markdown
    start = markdown.rfind("\n", page - PAGE, page) + 1 or page
    return _open_fence(markdown, start) + markdown[start:]


def _open_fence(markdown: str, at: int) -> str:
    """The first line of a code block that goes on there, '' where none does."""
    fences = markdown.count(_FENCE, 0, at) + markdown.startswith(_FENCE[1:])
    if fences % 2 == 0:
        return ""
    line = markdown.rfind(_FENCE, 0, at) + 1
    return markdown[line:at].split("\n", 1)[0][:LONGEST_FENCE] + "\n"
