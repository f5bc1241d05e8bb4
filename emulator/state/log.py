"""A file of JSON lines which another process can read while the server runs.

A call, written when its effect is decided (before an answer that is held back or cut):
`{"log": "call", "at": 1.5, "bot_id": 1, "method": "sendMessage", "params": {}, "status": 200, "message_id": 7,
"fault": null}`; status is 0 when no answer is sent. For getUpdates `"update_ids": [..]` is there as well, and empty
answers are left out.

An update, written when it is queued: `{"log": "update", "at": 1.5, "bot_id": 1, "update_id": 7, "update": {}}`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .calls import Call


class Log:
    """Appends lines; each is in the file when the method returns, and no file stays open."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def call(self, call: Call) -> None:
        """Write a call."""
        line: dict[str, Any] = {"log": "call", "at": call.at, "bot_id": call.bot_id, "method": call.method}
        result = call.result if isinstance(call.result, dict) else {}
        line |= {"params": call.params, "status": call.status, "message_id": result.get("message_id")}
        line["fault"] = call.fault
        if call.method == "getUpdates":
            line["update_ids"] = call.result or []
        self._write(line)

    def update(self, at: float, bot_id: int, update_id: int, update: Any) -> None:
        """Write an update."""
        self._write({"log": "update", "at": at, "bot_id": bot_id, "update_id": update_id, "update": update})

    def _write(self, line: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
