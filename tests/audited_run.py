"""`polar run` under an audit hook that notes whatever touches a folder named artifacts.

`python -m tests.audited_run LOG`: the log's first line says that the hook is there, each further one is a sin.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from middleware.turn import Turn

FORBIDDEN = b"artifacts"


def watch(log: Path) -> None:
    """Install the hook; it cannot be removed again."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, b"watching\n")

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        for argument in arguments:
            if isinstance(argument, str | bytes | os.PathLike):
                path = os.fsencode(argument)
                if FORBIDDEN in path.split(b"/"):
                    os.write(descriptor, event.encode() + b" " + path + b"\n")

    sys.addaudithook(hook)


class Sinner:
    """A responder that does what the bot must never do, to prove that it would be seen."""

    async def respond(self, turn: Turn) -> str:
        """Reads, lists, makes and renames, as it is told."""
        folder = Path("artifacts")
        match turn.text:
            case "open":
                (folder / "REACTIONS.md").read_bytes()
            case "listdir":
                os.listdir(folder)  # noqa: PTH208 - the event that iterdir would hide
            case "scandir":
                os.scandir(folder).close()
            case "mkdir":
                (folder / "new").mkdir()
            case "rename":
                (folder / "REACTIONS.md").rename("moved.md")
        return turn.text


sinner = Sinner()

if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    from bot.cli import main

    sys.argv[1:] = ["run"]
    main()
