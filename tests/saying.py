"""Which texts of the catalogue the code says, read from the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def keys(argument: ast.expr) -> Iterator[str]:
    """What a key may be: a text, one of two, or a pattern."""
    match argument:
        case ast.Constant(value=str(key)):
            yield key
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*keys(body), *keys(orelse))
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)
