"""Within a line: where Markdown of models is read unlike CommonMark."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline, backtick, link
from markdown_it.rules_inline.state_inline import Delimiter

STYLES = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "mark": "italic", "u": "underline"}
STYLES |= {"ins": "underline", "s": "strikethrough", "del": "strikethrough", "strike": "strikethrough"}
STYLES |= {"code": "code", "kbd": "code", "tg-spoiler": "spoiler", "summary": "bold"}
"""What tags of HTML stand for; `sub`, `sup`, `a`, `br` and `details` are known besides."""
_NAMES = "|".join([*STYLES, "sub", "sup", "a", "br", "details"])
TAG = re.compile(rf"<(?P<end>/?)(?P<name>{_NAMES})(?P<more>\s[^<>\n]{{0,300}})?/?>", re.IGNORECASE)
_HREF = re.compile(r"\shref\s*=\s*[\"']?([^\"'\s]+)", re.IGNORECASE)
_URL = re.compile(r"(?:https?|tg|ftp)://[^\s<>\"'`|]{1,2048}", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?|tg|ftp)\Z", re.IGNORECASE)
_URL_END = re.compile(r"\*\*|~~|\*(?=\W*$)|\]")
_IDENTIFIER = re.compile(r"__[a-z][a-z0-9_]*__(?!\w)", re.ASCII)
_FOOTNOTE = re.compile(r"\[\^([^\]\s]{1,20})\](:[ \t]*)?")
FORMULA = re.compile(
    r"\$\$(?P<a>[^$]{1,2000})\$\$|\\\[(?P<b>.{1,999}?)\\\]|\\\((?P<c>[^\n]{1,299}?)\\\)"
    r"|\$(?P<d>[^\s$](?:[^$\n]{0,299}[^\s$\\])?)\$(?![A-Za-z0-9_{])",
    re.DOTALL,
)
_LATEX = re.compile(r"\\[a-zA-Z]+|[_^]|\A\s*[A-Za-z]\s*\Z")
_LATEX_OR_SUM = re.compile(rf"{_LATEX.pattern}|[=<>+]")
_PRICE = re.compile(r"[\d,.]+\s")
_SPOILER = re.compile(r"\|\|(?=\S)(?P<inner>[^\n|]+?)(?<=\S)\|\|(?!\w)")
_BRACKET = re.compile(r"\\.|`[^`\n]*`|[\[\]]", re.DOTALL)
_BRACKETS = "polar.brackets"


def emphasis(state: StateInline, silent: bool) -> bool:
    """`*` and `_`; beside punctuation, a letter beyond ASCII limits a `*` as a blank does, for want of blanks."""
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    if marker == "_" and (name := _IDENTIFIER.match(state.src, state.pos)):
        state.append_pending(name[0])
        state.pos = name.end()
        return True
    scanned = state.scanDelims(state.pos, marker == "*")
    opens, closes = scanned.can_open, scanned.can_close
    if marker == "*":
        before = state.src[state.pos - 1] if state.pos else " "
        after = state.src[state.pos + scanned.length] if state.pos + scanned.length < state.posMax else " "
        opens = (opens or (_is_wide(before) and _is_mark(after))) and not (_is_plain(before) and _is_plain(after))
        closes = closes or (_is_mark(before) and _is_wide(after))
    for _ in range(scanned.length):
        state.push("text", "", 0).content = marker
        delimiter = Delimiter(ord(marker), scanned.length, len(state.tokens) - 1, -1, opens, closes)
        state.delimiters.append(delimiter)
    state.pos += scanned.length
    return True


def _is_plain(character: str) -> bool:
    """True for what stands on both sides of a `*` in 2*3."""
    return character.isascii() and character.isalnum()


def _is_wide(character: str) -> bool:
    return character > "\x7f" and not isWhiteSpace(ord(character)) and not isPunctChar(character)


def _is_mark(character: str) -> bool:
    return isPunctChar(character) or (not character.isalnum() and not isWhiteSpace(ord(character)))


def url(state: StateInline, silent: bool) -> bool:
    """A bare address stays as it is: Telegram links it itself."""
    if not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.src, max(0, state.pos - 5), state.pos)
    found = scheme and _URL.match(state.src, scheme.start(), state.posMax)
    if found is None:
        return False
    end = _URL_END.search(found[0])
    stop = found.start() + end.start() if end else found.end()
    if stop <= state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : stop])
    state.pos = stop
    return True


def formula(state: StateInline, silent: bool) -> bool:
    """LaTeX between its marks, when it looks like it: `$` is mostly money, and `\\(` may be a mere parenthesis."""
    found = FORMULA.match(state.src, state.pos, state.posMax) if state.src[state.pos] in "$\\" else None
    if found is None or not is_formula(found, state.src[state.pos - 1 : state.pos]):
        return False
    if not silent:
        state.push("formula", "math", 0).content = found[found.lastgroup or 0]
    state.pos = found.end()
    return True


def is_formula(found: re.Match[str], before: str) -> bool:
    """Tell whether what stands between such marks looks like one, behind that character."""
    kind = found.lastgroup
    if kind in ("a", "b"):
        return True
    if kind == "c":
        return _LATEX_OR_SUM.search(found["c"]) is not None
    looks = _LATEX if found["d"][0].isdecimal() else _LATEX_OR_SUM
    is_money = (before != "" and _is_plain(before)) or _PRICE.match(found["d"])
    return not is_money and looks.search(found["d"]) is not None


def code(state: StateInline, silent: bool) -> bool:
    """Code; the blanks at its ends are not shown, unless words behind them would be glued to it."""
    start, number = state.pos, len(state.tokens)
    if not backtick(state, silent):
        return False
    if len(state.tokens) > number and (token := state.tokens[-1]).type == "code_inline":
        token.meta["is_trimmed"] = state.pos - start > 2 * len(token.markup) + len(token.content)
    return True


def spoiler(state: StateInline, silent: bool) -> bool:
    """`||…||` about a stretch, unlike the `||` of code."""
    found = _SPOILER.match(state.src, state.pos, state.posMax)
    if found is None or state.src[state.pos - 1 : state.pos].isalnum():
        return False
    if not silent:
        state.push("spoiler_open", "spoiler", 1)
        end, state.posMax, state.pos = state.posMax, found.end("inner"), found.start("inner")
        state.md.inline.tokenize(state)
        state.posMax = end
        state.push("spoiler_close", "spoiler", -1)
    state.pos = found.end()
    return True


def footnote(state: StateInline, silent: bool) -> bool:
    """The mark of a footnote, in the text and before the note itself."""
    found = _FOOTNOTE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("footnote", "", 0)
        token.content, token.meta["begins"] = found[1], bool(found[2])
    state.pos = found.end()
    return True


def closed_link(state: StateInline, silent: bool) -> bool:
    """A link; what no bracket closes is not even tried, as each try reads on to the end."""
    return state.src[state.pos] == "[" and state.pos in _openings(state) and link(state, silent)


def _openings(state: StateInline) -> frozenset[int]:
    """Where a bracket opens that is closed, and may begin a link; found once for each text."""
    found: tuple[str, frozenset[int]] | None = state.env.get(_BRACKETS)
    if found is None or found[0] is not state.src:
        found = state.env[_BRACKETS] = (state.src, frozenset(_closed(state.src, bool(state.env.get("references")))))
    return found[1]


def _closed(text: str, has_references: bool) -> set[int]:
    opened: list[int] = []
    closed: set[int] = set()
    for bracket in _BRACKET.finditer(text):
        if bracket[0] == "[":
            opened.append(bracket.start())
        elif bracket[0] == "]" and opened:
            start = opened.pop()
            if has_references or text.startswith(("(", "["), bracket.end()):
                closed.add(start)
    return closed


def image(state: StateInline, silent: bool) -> bool:
    """A link that is marked as an image."""
    if not state.src.startswith("![", state.pos):
        return False
    state.pos += 1
    number = len(state.tokens)
    if not closed_link(state, silent):
        state.pos -= 1
        return False
    if not silent:
        next(token for token in state.tokens[number:] if token.type == "link_open").meta["image"] = True
    return True


def tag(state: StateInline, silent: bool) -> bool:
    """One of the tags of HTML that models write in Markdown; all others are text."""
    found = TAG.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "<" else None
    if found is None:
        return False
    if not silent:
        name, href = found["name"].lower(), _HREF.search(found["more"] or "")
        token = state.push("hardbreak" if name == "br" else "tag", "", 0)
        token.content = found[0]
        token.meta = {"name": name, "ends": bool(found["end"]), "href": href[1] if href else ""}
    state.pos = found.end()
    return True


def enable(md: MarkdownIt) -> None:
    """Have a parser read lines like this."""
    ruler = md.inline.ruler
    ruler.at("backticks", code)
    ruler.at("emphasis", emphasis)
    ruler.at("link", closed_link)
    ruler.at("image", image)
    ruler.at("html_inline", tag)
    ruler.before("escape", "formula", formula)
    ruler.before("escape", "url", url)
    ruler.before("link", "footnote", footnote)
    ruler.before("emphasis", "spoiler", spoiler)
    md.inline.add_terminator_char("|")
