"""Who is at a server's database, as any role that may read it can see."""

from __future__ import annotations

from storage.attendance import Attendance, Worker
from storage.errors import DatabaseBusy, DatabaseUnusable
from storage.location import ServerUrl
from storage.postgres import lease, opening
from storage.postgres.rows import ServerConnection

_ACTIVE = f"{lease.HOLDER} AND expiresAt > clock_timestamp()"
_STANDBYS = f"""
SELECT substr(application_name, {len(lease.STANDBY) + 1}) FROM pg_stat_activity
WHERE datname = current_database() AND starts_with(application_name, '{lease.STANDBY}') ORDER BY 1
"""
# Of a replica, a role without pg_read_all_stats is told that it is there, and no more.
_REPLICAS = """
SELECT count(*) AS all_, count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) AS synchronous,
  pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS is_told,
  CASE WHEN current_setting('synchronous_commit') = 'local' THEN '' ELSE current_setting('synchronous_standby_names')
  END AS waited_for
FROM pg_stat_replication WHERE state IS NULL OR state IN ('streaming', 'catchup')
"""


def attendance(url: ServerUrl) -> Attendance | None:
    """Who is there now; None where this cannot be seen, as on a replica, or no bot has ever run there. It blocks."""
    try:
        with opening.inspecting(url) as link:
            return _seen(link)
    except (DatabaseUnusable, DatabaseBusy):
        return None


def _seen(link: ServerConnection) -> Attendance | None:
    # Who is active or stands by is connected to the primary, and a replica knows only the rows of that.
    if opening.is_replica(link) or not link.execute(lease.IS_THERE).fetchall()[0][0]:
        return None
    active = [Worker(name=row[0], since_ms=row[1]) for row in link.execute(_ACTIVE)]
    [replicas] = link.execute(_REPLICAS).fetchall()
    return Attendance(
        active=active[0] if active else None,
        standbys=tuple(row[0] for row in link.execute(_STANDBYS)),
        replicas=replicas["all_"],
        synchronous=replicas["synchronous"] if replicas["is_told"] else None,
        waited_for=replicas["waited_for"],
    )
