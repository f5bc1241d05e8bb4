"""`python -m exports`: what `polar export` becomes."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from exports.job import PAGES, Exported, export
from exports.page import EPOCH
from storage.errors import StorageError
from storage.location import Location, parse
from storage.views.projections import ALWAYS


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; 1 when that cannot be done, with one line that says why."""
    options = _options(arguments)
    # Asked to end, it ends as on an error: nothing half-made is left.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        done = list(export(options.database, options.out, options.only or PAGES, options.since))
    except StorageError as error:
        sys.stderr.write(f"polar: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(_facts(done) if options.json else _told(done))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="polar export", description=__doc__, allow_abbrev=False)
    parser.add_argument("--database", type=_location, required=True, help="the SQLite file, or a server's URL")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the files")
    parser.add_argument("--only", choices=PAGES, action="append", help="a file to write; may be given again")
    parser.add_argument("--since", type=_instant, default=ALWAYS, help="a date, or an instant, in UTC")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def _location(written: str) -> Location:
    try:
        return parse(written, Path())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _instant(written: str) -> int:
    """Milliseconds since the epoch."""
    try:
        moment = datetime.fromisoformat(written)
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"expected a date like 2026-11-01 or an instant like 2026-11-01T12:00:00Z (found {written!r:.80})"
        ) from None
    return since // timedelta(milliseconds=1)


def _facts(done: Iterable[Exported]) -> str:
    facts = {
        file.file: {
            "rows": file.rows,
            "bytes": file.bytes,
            "lastSequence": file.last_sequence,
            "lastId": file.last_id,
            "changed": file.changed,
        }
        for file in done
    }
    return json.dumps(facts) + "\n"


def _told(done: Iterable[Exported]) -> str:
    return "".join(
        f"{file.file:<15} {file.rows:>12,} rows {file.bytes:>15,} bytes  {'written' if file.changed else 'unchanged'}\n"
        for file in done
    )


if __name__ == "__main__":
    sys.exit(main())
