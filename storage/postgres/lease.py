"""The lease as its statements: a row of `polar_workers`, an advisory lock, and the names of connections.

By these any process can tell, and end, what is left of its former holder. What holds it: storage/postgres/fence.py.
"""

from __future__ import annotations

from psycopg import sql

from storage.postgres.locks import OWNING
from storage.postgres.rows import ServerConnection

ACTIVE, STANDBY = "polar ", "polar standby "
"""What the names of its connections begin with; a worker's id follows."""
IS_THERE = "SELECT to_regclass('polar.polar_workers') IS NOT NULL"
# As the lock file, which is no part of the schema: it must be there before anybody may bring that up to date.
MAKE = """
SELECT pg_advisory_xact_lock(hashtext('polar_workers'));
CREATE SCHEMA IF NOT EXISTS polar;
CREATE TABLE IF NOT EXISTS polar.polar_workers (
  workerId TEXT COLLATE "C" PRIMARY KEY,
  slot BIGINT NOT NULL UNIQUE,
  activeSince TIMESTAMPTZ NOT NULL,
  expiresAt TIMESTAMPTZ NOT NULL
)
"""
_END = f"""
PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name IN
  (SELECT '{ACTIVE}' || workerId FROM polar.polar_workers WHERE {{which}})
"""
# Run by the server from beginning to end, so that who is frozen meanwhile has all of the lease or nothing.
TAKE = sql.SQL(f"""
DO $$
BEGIN
  {_END.format(which="expiresAt < clock_timestamp()")};
  IF pg_try_advisory_lock({OWNING}) THEN
    {_END.format(which="true")};
    PERFORM set_config('application_name', '{ACTIVE}' || {{me}}, false);
    DELETE FROM polar.polar_workers; -- waits for a commit under way
    INSERT INTO polar.polar_workers VALUES
      ({{me}}, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => {{lease}}));
  END IF;
END $$
""")
_CLEAR = f"DO $$ BEGIN {_END.format(which='true')}; DELETE FROM polar.polar_workers; END $$"
HOLDER = """
SELECT workerId, (extract(epoch FROM activeSince) * 1000)::bigint FROM polar.polar_workers WHERE slot = 1
"""
RENEW = """
UPDATE polar.polar_workers SET expiresAt = clock_timestamp() + make_interval(secs => %s) WHERE workerId = %s
"""
GIVE_BACK = "DELETE FROM polar.polar_workers WHERE workerId = %s"


def clear(link: ServerConnection) -> None:
    """End what is left of the last holder; by whoever holds the lock, and is no bot."""
    row = link.execute(IS_THERE).fetchone()
    link.execute(_CLEAR if row is not None and row[0] else MAKE)
