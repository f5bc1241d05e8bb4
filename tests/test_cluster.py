"""The server of the tests: private, as unlike bytes in its language as an operator's, and gone with its tests."""

from __future__ import annotations

import psycopg
import pytest

from tests import cluster


@pytest.mark.slow
def test_a_cluster_is_there_within_its_block_only() -> None:
    """It lets in who asks while the block runs, sorts as people do, and leaves nothing behind."""
    with cluster.cluster() as url, cluster.database(url) as fresh, psycopg.connect(fresh) as connection:
        ordered = "SELECT string_agg(a, '' ORDER BY a) FROM (VALUES ('B'), ('a'), ('ä'), ('b')) AS given (a)"
        assert connection.execute(ordered).fetchone() == ("aäbB",)
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
