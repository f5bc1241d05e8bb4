"""The dashboards that are looked at: what they hold, and which pages they have."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.house import CHECKOUT
from tests.web.forked import forked
from tests.web.house import Web, arguments, ready
from tests.web.seeding import seed
from web.app import PAGES
from web.pages.artifacts import FILES

NOW_MS = 1_795_457_700_000
"""2026-11-23 18:15 UTC, a Monday: for these dashboards it is never later."""
NAVIGATION = tuple(page.path for page in PAGES if page.label)
VIEWS = (
    "/feedback?days=365",
    "/experiments?name=terse",
    "/experiments?name=models",
    "/runs?view=board",
    "/runs?source=heartbeat&status=failed",
    "/automations?state=paused",
    "/memory?q=gate",
    "/deliveries?view=failed",
    "/deliveries?view=dead",
    *(f"/artifacts/{name}" for name in FILES),
)
EVERY_PAGE = (*NAVIGATION, *VIEWS)

FORGED = (
    """
# Not from us

<script>window.hacked = 1</script><style>* { display: none }</style><img src=x onerror="window.hacked = 2">
<svg onload="window.hacked = 3"></svg><iframe src="javascript:parent.hacked = 4"></iframe>

[run](javascript:window.hacked=5) ![track](http://elsewhere.example/x.png) <http://elsewhere.example/>
[see][reference] http://elsewhere.example/ &lt;script&gt;

[reference]: http://elsewhere.example/ "a title"

| left | right |
|:-----|------:|
| <b onclick="window.hacked=6">bold</b> | \u202etxt.exe |

```html
<script>window.hacked = 7</script>
```

"""
    + "W" * 10_000
)


def furnish(folder: Path, *, hostile: bool = False, since: str | None = "2026-11-20") -> tuple[Path, Path]:
    """A database with rows and the exports made from it; those of a few days are looked over sooner."""
    database, artifacts = folder / "polar-system.db", folder / "artifacts"
    seed(database, hostile=hostile, now_ms=NOW_MS)
    arguments = ["--database", str(database), "--out", str(artifacts), *(("--since", since) if since else ())]
    subprocess.run([sys.executable, "-m", "exports", *arguments], cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)
    if hostile:
        with (artifacts / "HEARTBEAT.md").open("a") as file:
            file.write(FORGED)
    for made in artifacts.iterdir():
        os.utime(made, (NOW_MS / 1000, NOW_MS / 1000))
    return database, artifacts


@contextmanager
def standing(database: Path, artifacts: Path) -> Iterator[Web]:
    """A dashboard for which it is always NOW_MS, so that two looks at a page are of the same page."""
    with forked(arguments(database, artifacts), now_ms=NOW_MS) as (_, error):
        yield ready(error.readline())
