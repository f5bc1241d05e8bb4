"""Blocks of lines: where Markdown of models is read unlike CommonMark, and how deep it may be nested."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_block.reference import reference

DEEPEST = 20
"""Levels of blocks within each other, a list being two; what would be deeper is text."""
MOST_COLUMNS = 32
"""Of a table; what has more is text."""
MOST_FORMULA_LINES = 60
_CLOSING = {"$$": "$$", "\\[": "\\]"}
_SEPARATOR = re.compile(r"\\.|`[^`]*`|(?P<bar>\|)")
_RULER = re.compile(r":?-+:?")

BlockRule = Callable[[StateBlock, int, int, bool], bool]


def _bounded(rule: BlockRule) -> BlockRule:
    def within(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return state.level < DEEPEST and rule(state, start, end, silent)

    return within


def formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`$$` or `\\[` that begins a line, up to the line that its counterpart ends: no line in it begins a list."""
    pos = state.bMarks[start] + state.tShift[start]
    close = _CLOSING.get(state.src[pos : pos + 2])
    if close is None or state.is_code_block(start):
        return False
    for stop in range(start, min(end, start + MOST_FORMULA_LINES)):
        if state.sCount[stop] < state.blkIndent or state.isEmpty(stop):
            return False
        line = _line(state, stop)
        if line.endswith(close) and (stop > start or len(line) > len(close) + 2):
            break
    else:
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.map = [start, stop + 1]
        token.content = state.getLines(start, stop + 1, state.sCount[start], False).strip()[2:-2]
        state.line = stop + 1
    return True


def definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The address of a link, kept as it is written in case that no link has it; a footnote is shown anyway."""
    if state.src.startswith("[^", state.bMarks[start] + state.tShift[start]):
        return False
    known = len(state.env.get("references", ()))
    if not reference(state, start, end, silent):
        return False
    if not silent:
        token = state.push("definition", "", 0)
        token.map = [start, state.line]
        token.content = state.getLines(start, state.line, state.blkIndent, False).strip()
        is_new = len(state.env["references"]) > known
        token.meta["label"] = normalizeReference(token.content[1 : token.content.index("]:")]) if is_new else None
    return True


def table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Rows of cells; a `|` within code is none that parts them, and nothing is left out that is one too many."""
    if start + 1 >= end or state.sCount[start + 1] < state.blkIndent or state.is_code_block(start):
        return False
    head, ruler = _line(state, start), _line(state, start + 1)
    if "|" not in head or not {*ruler} <= {*"|:- \t"}:
        return False
    rulers = [cell.strip() for cell in _cut(ruler, [bar for bar, char in enumerate(ruler) if char == "|"])]
    if not all(map(_RULER.fullmatch, rulers)) or not len(cells(head, len(rulers))) == len(rulers) <= MOST_COLUMNS:
        return False
    if not silent:
        state.push("table_open", "table", 1).meta["right"] = [each.endswith(":") for each in rulers]
        token, state.line = state.tokens[-1], start + 2
        _push_row(state, start, len(rulers))
        while state.line < end and _is_row(state, state.line, end):
            _push_row(state, state.line, len(rulers))
            state.line += 1
        token.map = [start, state.line]
        state.push("table_close", "table", -1)
    return True


def _is_row(state: StateBlock, line: int, end: int) -> bool:
    text = _line(state, line)
    if "|" not in text or not 0 <= state.sCount[line] - state.blkIndent < 4:
        return False
    return text[0] == "|" or not any(
        rule(state, line, end, True) for rule in state.md.block.ruler.getRules("blockquote")
    )


def _push_row(state: StateBlock, line: int, columns: int) -> None:
    for cell in cells(_line(state, line), columns):
        token = state.push("inline", "", 0)
        token.content = cell.replace("\\|", "|").strip()
        token.map, token.children, token.meta["line"] = [line, line + 1], [], line


def bars(line: str) -> list[int]:
    """Where those bars of a row are that part cells."""
    return [found.start() for found in _SEPARATOR.finditer(line) if found["bar"]]


def cells(line: str, columns: int | None = None) -> list[str]:
    """What stands between the bars of a row, the last of so many columns with all that is too much."""
    found = list(_cut(line, bars(line)))
    if columns is None or len(found) == columns:
        return found
    if len(found) < columns and len(plain := line.strip("|").split("|")) == columns:
        return plain if any(cell.strip() == "`" for cell in plain) else found
    return [*found[: columns - 1], "|".join(found[columns - 1 :])] if len(found) > columns else found


def _cut(line: str, places: list[int]) -> Iterator[str]:
    at = 0
    for bar in places:
        if bar:
            yield line[at:bar]
        at = bar + 1
    if at < len(line):
        yield line[at:]


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()


def enable(md: MarkdownIt) -> None:
    """Have a parser read blocks like this."""
    ruler = md.block.ruler
    ruler.at("table", table, {"alt": ["paragraph", "reference"]})
    ruler.at("blockquote", _bounded(blockquote), {"alt": ["paragraph", "reference", "blockquote", "list"]})
    ruler.at("list", _bounded(list_block), {"alt": ["paragraph", "reference", "blockquote"]})
    ruler.at("reference", definition)
    ruler.before("fence", "formula", formula, {"alt": ["paragraph"]})
