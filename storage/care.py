"""Care of a database, whether a bot runs on it or not, chosen by where it is as in storage/engines.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from storage import migrations
from storage.adoption import settle
from storage.copying import Copied, CopyEnd, Copying
from storage.engines import check_driver
from storage.errors import CopyFailed, CopyUnusable, DatabaseUnusable
from storage.location import Location
from storage.migrations import Migration
from storage.sqlite import backup, care, copy_end, own_files, restore, soundness
from storage.sqlite.backup import Backup
from storage.state import Contents, DatabaseState, Restored, Vacuumed
from storage.steps import OnStep
from storage.tables.erasures import Erased

# What a server's own tools do better than anything that could be done through a connection.
_BACK_UP = "{} is copied by its server's own tools: pg_dump, pg_basebackup, or an archive of its log"
_PUT_BACK = "{} is put back by its server's own tools, pg_restore say; polar db adopt then goes on with it"
_SAME_ENGINE = (
    "polar db copy goes from a file to a PostgreSQL server, or back; polar db backup copies a file, pg_dump a server's"
)
_VACUUM = "{} is vacuumed by its server, by itself; VACUUM FULL there gives the room back to the disk"


def migrate(location: Location, *, now_ms: int) -> list[Migration]:
    """Create it, or bring it to this version's schema; what was applied. Raises DatabaseUnusable."""
    if isinstance(location, Path):
        return care.migrate(location, now_ms=now_ms)
    check_driver(location)
    from storage.postgres import care as care_of_server

    return care_of_server.migrate(location, now_ms=now_ms)


def vacuum(location: Location) -> Vacuumed:
    """Write it anew without what is unused in it; raises DatabaseUnusable, and DatabaseLocked where a bot runs."""
    if isinstance(location, Path):
        return care.vacuum(location)
    raise DatabaseUnusable(_VACUUM.format(location))


def find_problems(location: Location) -> list[str]:
    """Its problems, none where it is whole; raises DatabaseUnusable."""
    if isinstance(location, Path):
        return care.find_problems(location)
    check_driver(location)
    from storage.postgres import care as care_of_server

    return care_of_server.find_problems(location)


def count(location: Location) -> Contents:
    """Its contents; raises DatabaseUnusable."""
    if isinstance(location, Path):
        return care.count(location)
    check_driver(location)
    from storage.postgres import care as care_of_server

    return care_of_server.count(location)


def back_up(location: Location, to: Path, progress: OnStep) -> Backup:
    """Copy it to a file that is not there yet; raises DatabaseUnusable and CopyFailed."""
    if isinstance(location, Path):
        return backup.back_up(location, to, progress)
    raise CopyFailed(_BACK_UP.format(location))


def put_back(
    location: Location, copy: Path, erased: Sequence[Erased] | None, progress: OnStep, *, now_ms: int
) -> Restored:
    """Put a copy in its place, and go on with that; raises DatabaseUnusable and CopyUnusable."""
    if isinstance(location, Path):
        return restore.restore(location, copy, erased, progress, settle=settle, now_ms=now_ms)
    raise CopyUnusable(_PUT_BACK.format(location))


def adopt(location: Location, erased: Sequence[Erased], *, now_ms: int) -> Restored:
    """Go on with a copy that somebody else has put in its place; raises DatabaseUnusable and CopyUnusable."""
    if isinstance(location, Path):
        return restore.adopt(location, erased, settle=settle, now_ms=now_ms)
    check_driver(location)
    from storage.postgres import care as care_of_server

    return care_of_server.adopt(location, erased, settle=settle, now_ms=now_ms)


def copy(source: Location, target: Location, progress: OnStep, *, skips: bool, now_ms: int) -> Copied:
    """All rows of a file into a server's database, or back; no bot may run on either. Again, it goes on.

    `skips` rows that the target cannot hold. Raises DatabaseUnusable, and CopyFailed, from which it can be gone on.
    """
    if isinstance(source, Path) is isinstance(target, Path):
        raise DatabaseUnusable(_SAME_ENGINE)
    for each in (source, target):
        if not isinstance(each, Path):
            check_driver(each)
    with _source(source) as one, _target(target, now_ms) as other:
        return Copying(one, other, copy_end.tables(), progress, skips=skips).run()


def _source(location: Location) -> AbstractContextManager[CopyEnd]:
    if isinstance(location, Path):
        return copy_end.source(location)
    from storage.postgres import copy_end as copy_end_of_server

    return copy_end_of_server.source(location)


def _target(location: Location, now_ms: int) -> AbstractContextManager[CopyEnd]:
    if isinstance(location, Path):
        return copy_end.target(location, now_ms=now_ms)
    from storage.postgres import copy_end as copy_end_of_server

    return copy_end_of_server.target(location, now_ms=now_ms)


def look_at(location: Location) -> DatabaseState:
    """All that can be told without reading its content; nothing is changed, nor brought up to date."""
    if isinstance(location, Path):
        return care.look_at(location)
    try:
        check_driver(location)
    except DatabaseUnusable as error:
        return DatabaseState(location=location, newest=migrations.newest(), trouble=str(error))
    from storage.postgres import care as care_of_server

    return care_of_server.look_at(location)


def look_through(location: Location, *, is_over: Callable[[], bool]) -> list[str] | None:
    """The problems that show before the time is over; None where it was over first, or it could not be looked at.

    A server looks after its own.
    """
    return soundness.look_through(location, is_over=is_over) if isinstance(location, Path) else None


def files_of(location: Location) -> list[Path]:
    """The files of ours that it consists of, whether they are there or not; none of a server's."""
    return own_files.all_of(location) if isinstance(location, Path) else []
