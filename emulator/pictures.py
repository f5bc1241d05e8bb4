"""The size of a picture, as its file says it."""

from __future__ import annotations

import re
import struct

# The frames of a JPEG that tell its size, and those without a length.
JPEG_FRAME = re.compile(rb"[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]")
UNKNOWN = (1280, 960)


def picture_size(body: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG, GIF or JPEG; what most photos have, for anything else."""
    try:
        if body.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height = struct.unpack_from(">II", body, 16)
        elif body.startswith((b"GIF87a", b"GIF89a")):
            width, height = struct.unpack_from("<HH", body, 6)
        elif body.startswith(b"\xff\xd8"):
            width, height = _jpeg_size(body)
        else:
            return UNKNOWN
    except struct.error:
        return UNKNOWN
    return (width, height) if width and height else UNKNOWN


def _jpeg_size(body: bytes) -> tuple[int, int]:
    at = 2
    while not JPEG_FRAME.match(body, at + 1):
        (length,) = struct.unpack_from(">H", body, at + 2)
        at += 2 + length
    height, width = struct.unpack_from(">HH", body, at + 5)
    return width, height
