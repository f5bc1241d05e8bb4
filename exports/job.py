"""The job: each file from the database of one instant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from exports import progress
from exports.heartbeat import heartbeat
from exports.memory import memory
from exports.page import MarkdownPage
from exports.personality import personality
from exports.reactions import reactions
from storage.engines import snapshot
from storage.location import Location
from storage.views.projections import Projections
from storage.whole_files import Folder

PAGES: Mapping[str, Callable[[Projections], MarkdownPage]] = {
    "reactions": reactions,
    "heartbeat": heartbeat,
    "memory": memory,
    "personality": personality,
}
"""The files that can be asked for by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file that is up to date."""

    file: str
    rows: int
    bytes: int
    last_sequence: int | None
    last_id: str | None
    changed: bool


def export(database: Location, out: Path, only: Collection[str], since_ms: float) -> Iterator[Exported]:
    """Write the files; raises DatabaseUnusable or CannotWrite, and what was not yet written is as it was."""
    with Folder.open(out) as folder, progress.shown() as track:
        folder.sweep(map(file_of, PAGES))
        for name in PAGES:
            if name in only:
                yield _write(database, folder, name, since_ms, track)


def file_of(name: str) -> str:
    """The file of a page."""
    return f"{name.upper()}.md"


def _write(database: Location, folder: Folder, name: str, since_ms: float, track: progress.Track) -> Exported:
    # A snapshot a file: the bot's log can be folded into the database between them.
    with snapshot(database) as taken:
        page = PAGES[name](Projections(taken, since_ms))
        page = replace(page, entries=track(file_of(name), page.rows, page.entries))
        changed = folder.replace(file_of(name), page.lines(since_ms))
    return Exported(
        file=file_of(name),
        rows=page.rows,
        bytes=folder.size(file_of(name)),
        last_sequence=page.last.sequence if page.last else None,
        last_id=page.last.id if page.last else None,
        changed=changed,
    )
