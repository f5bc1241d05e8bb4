"""`/artifacts`: the files that `polar export` makes, four by name and no other."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from web.markdown import render
from web.rendering import page as rendered

FILES = {
    "REACTIONS.md": "Reactions to what the bot said",
    "HEARTBEAT.md": "What the heartbeats found",
    "MEMORY.md": "What people had it remember",
    "PERSONALITY.md": "How it was asked to speak",
}
MAX_SHOWN = 256 * 1024
"""Bytes that are made a page of, about a third of a second's work; the file itself comes whole."""
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file by name; without a size it was not made yet."""

    name: str
    about: str
    size: int | None = None
    changed_ms: int | None = None


async def page(request: Request) -> Response:
    """Which of the files are there."""
    folder = request.app.state.config.artifacts
    return rendered(request, "artifacts.html", files=[_listed(folder, name) for name in FILES])


async def artifact(request: Request) -> Response:
    """One file as a page, or with `raw=1` or for a reader of Markdown as it is; 404 for any other name."""
    name = request.path_params["name"]
    if name not in FILES:
        raise HTTPException(404, "There is no such file here.")
    file = _open(request.app.state.config.artifacts / name)
    if file is None:
        return rendered(request, "artifact.html", status=404, name=name, document=None, is_cut=False)
    if request.query_params.get("raw") == "1" or "text/markdown" in request.headers.get("accept", ""):
        return StreamingResponse(_chunks(file), media_type="text/plain")
    with closing(file):
        document, is_cut = await asyncio.to_thread(_document, file)
    return rendered(request, "artifact.html", name=name, document=document, is_cut=is_cut)


def _listed(folder: Path, name: str) -> Listed:
    file = _open(folder / name)
    if file is None:
        return Listed(name=name, about=FILES[name])
    with closing(file):
        status = os.fstat(file.fileno())
    return Listed(name=name, about=FILES[name], size=status.st_size, changed_ms=status.st_mtime_ns // 1_000_000)


def _open(path: Path) -> IO[bytes] | None:
    """A regular file, None where there is none; neither a link, which may lead anywhere, nor a pipe, which blocks."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with closing(file):
        while chunk := file.read(CHUNK):
            yield chunk


def _document(file: IO[bytes]) -> tuple[str, bool]:
    """HTML of the file's first part, up to the end of a line, and whether there is more."""
    content = file.read(MAX_SHOWN + 1)
    is_cut = len(content) > MAX_SHOWN
    if is_cut:
        content = content[: content.rfind(b"\n", 0, MAX_SHOWN) + 1] or content[:MAX_SHOWN]
    return render(content.decode(errors="replace")), is_cut
