"""`python -m tests.web.browser.screens FOLDER`: the pictures of the docs, made anew; the same each time."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.web.browser import chromium
from tests.web.browser.looking import Look, Witness
from tests.web.browser.site import furnish, standing

WIDE, PHONE = (1280, 800), (390, 844)
PICTURES = {
    "overview": ("/", Look("light", *WIDE)),
    "overview-phone": ("/", Look("dark", *PHONE)),
    "feedback": ("/feedback", Look("light", *WIDE)),
    "runs": ("/runs", Look("dark", *WIDE)),
    "memory-phone": ("/memory?q=bicycle", Look("light", *PHONE)),
    "reactions": ("/artifacts/REACTIONS.md", Look("light", *WIDE)),
}


def main() -> int:
    """Make the pictures; 1 when there is no Chromium, 2 without a folder."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    program = chromium.find()
    if program is None:
        print(f"There is no Chromium. Install it: {chromium.INSTALL}", file=sys.stderr)
        return 1
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, standing(*furnish(Path(made), since=None)) as web:
        asyncio.run(take(program, web.url, folder))
    return 0


async def take(program: str, url: str, folder: Path) -> None:
    """One PNG a picture."""
    async with chromium.running(program) as browser, await browser.new_context() as context:
        tab = await Witness.open(context)
        for name, (path, look) in PICTURES.items():
            await tab.go(url + path, look)
            await tab.page.screenshot(path=folder / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
