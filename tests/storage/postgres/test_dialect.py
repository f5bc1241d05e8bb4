"""What the translator changes in a statement, and that it leaves all else as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.postgres.dialect import translate
from tests import examples

SIGNS = st.text("ab?:%'\"-/*(), \n\\$é😀", max_size=12)
LITERAL = SIGNS.map(lambda text: "'" + text.replace("'", "''") + "'")
QUOTED = SIGNS.map(lambda text: '"' + text.replace('"', '""') + '"')
LINE = SIGNS.map(lambda text: "--" + text.replace("\n", " ") + "\n")
BLOCK = SIGNS.map(lambda text: "/*" + text.replace("*", " ").replace("/", " ") + "*/")
KEPT = st.one_of(LITERAL, QUOTED, LINE, BLOCK).map(lambda text: (text, text.replace("%", "%%")))
PLAIN = st.sampled_from(
    ["SELECT", "a.b", "x::text", "5", "1e-9", "0.5", "<>", "||", "*", "(", ")", ",", "row_number()"]
)
CHANGED = st.sampled_from([("?", "%s"), (":name", "%(name)s"), ("%", "%%"), ("= :a::text", "= %(a)s::text")])
PIECES = st.lists(st.one_of(KEPT, PLAIN.map(lambda text: (text, text)), CHANGED), max_size=20)


@given(pieces=PIECES)
@examples(200)
def test_what_is_quoted_or_said_aside_stays(pieces: list[tuple[str, str]]) -> None:
    """Placeholders are found among the statement's own words only; a per cent is doubled, as psycopg wants it."""
    assert translate(" ".join(old for old, _ in pieces)) == " ".join(new for _, new in pieces)


SAME = [
    "SELECT max(a), min(b), count(*) FILTER (WHERE c) FROM t AS x LEFT JOIN y ON x.a = y.a",
    "SELECT a IS NULL, a IS NOT NULL, a IS NOT DISTINCT FROM b, a IS TRUE FROM t CROSS JOIN u WHERE a IN (1, 2)",
    "UPDATE t SET json = value, type = key WHERE date < 5 RETURNING a",
    "SELECT a FROM (SELECT 1 AS a) AS t CROSS JOIN (SELECT 2 AS b) AS u JOIN v ON v.a = u.b",
    "INSERT INTO t VALUES (1) ON CONFLICT (a) DO NOTHING",
    "SELECT CAST(a AS BIGINT), substr(b, 1, 2), length(c), coalesce(d, e), row_number() OVER () FROM t",
]


@pytest.mark.parametrize("sql", SAME)
def test_what_both_understand_stays(sql: str) -> None:
    """Most statements are the same."""
    assert translate(sql) == sql


DIFFERENT = {
    "SELECT a FROM t INDEXED BY i WHERE b": "SELECT a FROM t  WHERE b",
    "SELECT a FROM t NOT INDEXED WHERE NOT b": "SELECT a FROM t  WHERE NOT b",
    "SELECT a FROM t CROSS JOIN u AS v ON a = b": "SELECT a FROM t  JOIN u AS v ON a = b",
    "FROM t CROSS JOIN (SELECT 1 FROM x ON y) AS v ON a": "FROM t  JOIN (SELECT 1 FROM x ON y) AS v ON a",
    "a IS ? AND b IS NOT :b": "a IS NOT DISTINCT FROM %s AND b IS DISTINCT FROM  %(b)s",
    "a IN () OR b NOT IN ()": "a = ANY ('{}') OR b <> ALL ('{}')",
    "a LIKE 'x%' AND b NOT LIKE ?": "a ILIKE 'x%%' AND b NOT ILIKE %s",
    "CAST(substr(a, 3) AS INTEGER) + CAST(? AS TEXT)": "polar.as_integer(substr(a, 3) ) + polar.as_text(%s )",
    "max(a, min(b, 1)), max((b))": "polar.max(a, polar.min(b, 1)), max((b))",
    "group_concat(a, ','), sum(b), round(c, 9)": "string_agg(a, ','), polar.sum(b), polar.round(c, 9)",
    "json_object('a', json('true'))": "polar.json_object(json_build_object('a', polar.json('true')))",
    "json_remove(f(a, b), '$.a', '$.b')": "polar.json_remove(f(a, b), ARRAY[ '$.a', '$.b'])",
    "FROM json_each(?, '$.a') AS e WHERE json_valid(e.value)": (
        "FROM polar.json_each(%s, '$.a') AS e WHERE polar.json_valid(e.value)"
    ),
}


@pytest.mark.parametrize("sql", DIFFERENT)
def test_what_only_sqlite_understands_is_said_otherwise(sql: str) -> None:
    """A few words, and the functions that are Polar's own there."""
    assert translate(sql) == DIFFERENT[sql]


def test_a_statement_is_translated_once() -> None:
    """There are a few hundred, which run millions of times."""
    assert translate("SELECT ?") is translate("SELECT ?")
