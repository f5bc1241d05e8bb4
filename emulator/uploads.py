"""Files that people give: what the message says of them, and their content."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .people import Json

KINDS = ("photo", "voice", "document")
MAX_NAME = 255
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}", re.ASCII)
# Line ends and what turns the direction of a text would let a name look like another one.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of one of KINDS. `width` and `height` are a photo's, in pixels, `seconds` a voice's length."""

    kind: str
    name: str
    media_type: str
    content: bytes
    width: int = 0
    height: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        """Errors: ValueError for an unknown kind or an empty file."""
        if self.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        if not self.content:
            raise ValueError("file must be non-empty")

    def file_id(self, number: int) -> str:
        """The file's id; `number` makes it unique."""
        return f"given-file-{number}"

    def text(self) -> str:
        """The content as `State.files` keeps it; what is not UTF-8 is escaped, so that no byte is lost."""
        return self.content.decode("utf-8", "surrogateescape")

    def json(self, number: int) -> Json:
        """The field of the message, with the file's id in it."""
        size = len(self.content)
        file = {"file_id": self.file_id(number), "file_unique_id": f"given-unique-{number}", "file_size": size}
        if self.kind == "photo":
            return {"photo": [{**file, "width": self.width, "height": self.height}]}
        known = _MEDIA_TYPE.fullmatch(self.media_type)
        file["mime_type"] = self.media_type if known else "application/octet-stream"
        if self.kind == "voice":
            return {"voice": {**file, "duration": self.seconds}}
        return {"document": {**file, "file_name": self.file_name()}}

    def file_name(self) -> str:
        """The last part of the name's path, without what nobody sees."""
        last = re.split(r"[\\/]", self.name)[-1]
        return _UNSEEN.sub(" ", last).strip(" .")[:MAX_NAME] or "file"
