"""`polar_sequences`: the highest sequence ever given in a table, counted up by the statement that gives one."""

from __future__ import annotations


def highest(table: str) -> str:
    """As SQL: the highest sequence that was ever given in a table, 0 for none, whatever was deleted since."""
    return f"coalesce((SELECT highest FROM polar_sequences WHERE tableName = '{table}'), 0)"


def following(table: str) -> str:
    """As SQL: the next sequence of a table. Whoever inserts or moves a row gives it this; triggers count it."""
    return f"{highest(table)} + 1"
