"""Markdown that is still being written, so that no mark is seen whose meaning is not known yet."""

from __future__ import annotations

import re
import string

from middleware.markdown.blocks import bars, cells
from middleware.markdown.inline import FORMULA, TAG, is_formula

_FENCE = re.compile(r"[ \t>]*+(?:(?:[-+*]|\d{1,9}[.)])[ \t]++)*+(?P<ticks>`{3,}|~{3,})(?P<info>.*)")
_BLANK = re.compile(r"\n[ \t>]*\n")
_PREFIX = r"[ \t>]*+(?:(?:[-+*]|\d{1,9}[.)]|#{1,6})[ \t]++)*+"
_ITEM = re.compile(r"^[ \t>]*+(?:(?:[-+*]|\d{1,9}[.)]|#{1,6})[ \t]++)++(?:\[[ xX]\][ \t]+)?", re.MULTILINE)
_MARKS_ONLY = re.compile(rf"{_PREFIX}(?:[-+*]|\d{{1,9}}[.)]|#{{1,6}}|\[!\w*\]?|(?:\[[ xX]?\]?)?[-=|:*_~`$\s]*)")
_RULER = re.compile(r"[ \t>]*[-|:][-|: \t]*")
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n^][^\[\]\n]*)\]:", re.MULTILINE)
_REFERENCE = re.compile(r"\]\[([^\[\]\n]+)\]|(?<!\])\[([^\[\]\n]+)\]\[\]")
_CODE = re.compile(r"\\[^(\[)\]]|(?P<ticks>`+)(?:.*?[^`](?P=ticks)(?!`))?", re.DOTALL)
# What is unfinished at the end, with the words of it that are to be read already.
_HALF = (
    re.compile(r"(?:\\[(\[]|\$\$)(?:(?!\\[)\]])[^$])*\Z(?P<words>)"),
    re.compile(r"\$(?![A-Z][A-Z0-9_]+\b)(?:[A-Za-z]?|[^\s\d$][^$\n]{0,80})\Z(?P<words>)"),
    re.compile(r"\[\^[^\]\s]*\Z(?P<words>)"),
    re.compile(r"!\[(?P<words>[^\[\]]*)(?:\]|\]\([^()\s]*)?\Z"),
    re.compile(
        r"(?<![\\\]])!?\[(?!\^)(?P<words>(?:[^\[\]]|\[[^\[\]]{0,99}\]){0,300})"
        r"(?:\]|\]\[[^\[\]]*|\]\((?:[^()\s]|\([^()\s]*\))*(?:\s[^()\n]*)?)?\Z"
    ),
    re.compile(r"<(?P<words>https?:[^\s<>]*)\Z"),
    re.compile(r"</?(?:[A-Za-z-]*\s?/?|a\s[^<>\n]*)\Z(?P<words>)"),
    re.compile(r"&#?[a-z0-9]{1,8}\Z(?P<words>)"),
    re.compile(r"(?<!\\)\\\Z(?P<words>)"),
)
_MARK = re.compile(rf"{TAG.pattern}|(?P<run>\*{{1,3}}(?!\*)|_{{1,3}}(?!_)|~~(?!~)|\|\|)", re.IGNORECASE)
_URL = re.compile(r"(?:https?|tg|ftp)://[^\s<>\"'`|]*[^\s<>\"'`|*_~)\]]", re.IGNORECASE)
_LOOSE = "*_~|" + string.whitespace
_OPEN_FORMULA = re.compile(r"^[ \t>]*(?:\\\[(?!.*?\\\])|\$\$(?!.*?\$\$)).*\Z", re.MULTILINE | re.DOTALL)
_IMAGE = re.compile(r"!\[[^\[\]]{0,300}\]\([^()\s]*\)")
_FILLER = "x"


def settled(markdown: str) -> str:
    """Unfinished Markdown without the half marks at its end, and with an end for what is open there."""
    ticks, place = _last_fence(markdown)
    if ticks:
        return _in_fence(markdown, ticks, place)
    if place >= len(markdown):
        return markdown
    start = max([place, *(blank.end() for blank in _BLANK.finditer(markdown, place))])
    return _defined(markdown[:start] + _block(_without_marks(markdown[start:])))


def _last_fence(markdown: str) -> tuple[str, int]:
    """The ticks of the code block that goes on at the end and where it begins, or '' and where the last one ended."""
    ticks, place, at = "", 0, 0
    for line in markdown.split("\n"):
        found = _FENCE.match(line)
        if found and not ticks and (found["ticks"][0] == "~" or "`" not in found["info"]):
            ticks, place = found["ticks"], at
        elif found and ticks and found["ticks"].startswith(ticks) and not found["info"].strip():
            ticks, place = "", at + len(line) + 1
        at += len(line) + 1
    return ticks, place


def _in_fence(markdown: str, ticks: str, start: int) -> str:
    """Without a code block that is empty yet, or a last line of it that may become its end."""
    _, newline, code = markdown[start:].partition("\n")
    code, _, last = code.rpartition("\n")
    if not {*last.strip(" \t>")} <= {ticks[0]}:
        return markdown
    if not newline or not code.strip():
        return settled(markdown[:start])
    return markdown[: len(markdown) - len(last)]


def _without_marks(block: str) -> str:
    """The lines of a block up to the last one that says something."""
    lines, _, last = block.rpartition("\n")
    if _DEFINITION.match(last) or (_MARKS_ONLY.fullmatch(last) and not _is_ruler(block.split("\n"))):
        return lines
    return block


def _is_ruler(lines: list[str]) -> bool:
    """True if the last line may become the one below the head of a table."""
    is_second = len(lines) > 1 and "|" in lines[-2] and (len(lines) < 3 or "|" not in lines[-3])
    return is_second and _RULER.fullmatch(lines[-1]) is not None


def _block(block: str) -> str:
    """A block whose last line goes on, a table with what makes it one."""
    block = _OPEN_FORMULA.sub("", block).rstrip("\n")
    lines = block.split("\n")
    if _is_ruler(lines):
        return "\n".join([*lines[:-1], _ruler(lines[-2])])
    if not lines[-1].lstrip(" \t>").startswith("|"):
        start = max((item.end() for item in _ITEM.finditer(block)), default=0)
        return block[:start] + _closed(block[start:])
    bar = bars(lines[-1][: _open_code(lines[-1])])[-1] + 1
    lines[-1] = lines[-1][:bar] + _closed(lines[-1][bar:].rstrip("| \t"))
    is_head = len(lines) < 2 or "|" not in lines[-2]
    return "\n".join([*lines, _ruler(lines[-1])] if is_head else lines)


def _open_code(line: str) -> int:
    """Where code begins that goes on behind the end of a line, else that end."""
    return line.rindex("`") if line.count("`") % 2 else len(line)


def _ruler(head: str) -> str:
    words = head.lstrip(" \t>")
    return head.removesuffix(words) + "|" + "---|" * len(cells(words))


def _closed(text: str) -> str:
    """Lines with an end for all that is open, and without what is half written."""
    for code in _CODE.finditer(text):
        if code["ticks"] and code[0] == code["ticks"]:
            inside = text[code.end() :].rstrip("`").rstrip()
            text = text[: code.start()] + (f"{code[0]}{inside}{code[0]}" if inside else "")
            break
    for half in _HALF:
        if found := half.search(_masked(text)):
            text = text[: found.start()] + text[found.start("words") : found.end("words")]
    text = text[: len(_masked(text).rstrip(_LOOSE))]
    return text + _ends(_masked(text))


def _masked(text: str) -> str:
    """As long a text, with nothing in code, in addresses and in formulas that looks like a mark."""
    text = _CODE.sub(lambda code: _FILLER * len(code[0]), text)
    text = _IMAGE.sub(lambda image: _FILLER * len(image[0]), text)
    text = _URL.sub(lambda url: _FILLER * len(url[0]), text)
    return FORMULA.sub(lambda found: _filled(found, text), text)


def _filled(found: re.Match[str], text: str) -> str:
    is_one = is_formula(found, text[max(0, found.start() - 1) : found.start()])
    return _FILLER * len(found[0]) if is_one else found[0]


def _ends(masked: str) -> str:
    """What ends all that is open at the end of a text."""
    opened: list[str] = []
    for mark in _MARK.finditer(masked):
        if mark["run"] is None:
            _tag(opened, mark["name"].lower(), ends=bool(mark["end"]))
        else:
            _run(opened, mark["run"], masked[mark.start() - 1 : mark.start()], masked[mark.end() : mark.end() + 1])
    return "".join(reversed(opened))


def _tag(opened: list[str], name: str, *, ends: bool) -> None:
    end = f"</{name}>"
    if ends and end in opened:
        del opened[len(opened) - 1 - opened[::-1].index(end) :]
    elif not ends and name not in ("br", "details"):
        opened.append(end)


def _run(opened: list[str], run: str, before: str, after: str) -> None:
    """Note a run of marks as the end of what it ends, else as a beginning."""
    left = run
    is_end = bool(before.strip()) and not (run[0] == "_" and after.isalnum())
    while is_end and opened and left.startswith(opened[-1]):
        left = left.removeprefix(opened.pop())
    is_inner = before.isalnum() and (run[0] != "*" or (before.isascii() and after.isascii() and after.isalnum()))
    if left == run and after.strip() and not is_inner:
        opened.extend(["**", "*"] if run == "***" else [run])


def _defined(markdown: str) -> str:
    """With an address to be told later for each link that has none yet."""
    names = (name or collapsed for name, collapsed in _REFERENCE.findall(markdown))
    wanted = {name.casefold(): name for name in names}
    if not wanted:
        return markdown
    known = {name.casefold() for name in _DEFINITION.findall(markdown)}
    return markdown + "".join(f"\n\n[{name}]: <>" for key, name in wanted.items() if key not in known)
