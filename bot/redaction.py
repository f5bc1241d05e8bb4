"""Taking secrets out of what is written for the operator, or sent to who collects failures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

# A bot token wherever it may turn up, in a URL above all; long enough not to take a turn's id for one.
_TOKEN = re.compile(r"(?<!\d)\d{6,}:[A-Za-z0-9_-]{30,}")
SHORTEST_SECRET = 8
"""The shortest secret that is taken out: a shorter one guards nothing, and taking it out would harm every line."""


class Redaction:
    """Takes these secrets out of a text, as they are or as JSON writes them, and whatever looks like a bot's token."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        long = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        forms = long | {json.dumps(secret, ensure_ascii=plain)[1:-1] for secret in long for plain in (True, False)}
        # The longest first: where one holds another, nothing is left of it.
        self._secrets = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without them."""
        text = _TOKEN.sub("<token>", text)
        for secret in self._secrets:
            text = text.replace(secret, "<secret>")
        return text
