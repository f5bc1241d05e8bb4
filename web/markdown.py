"""Markdown as HTML that is inert: it has headings, lists, tables and emphasis; links, images and HTML stay text."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape

from web.rendering import shown

_INERT = ("link", "image", "autolink", "reference")
Environment = MutableMapping[str, Any]


def render(text: str) -> Markup:
    """The HTML of a document; its headings begin at the second level, below the page's own."""
    tokens = _reader.parse(text)
    for token in tokens:
        _fit(token)
    # All that comes from the text passes through _written below, or the renderer's own escape.
    return Markup(_reader.renderer.render(tokens, _reader.options, {}))  # noqa: S704


def _fit(token: Token) -> None:
    token.attrs.pop("style", None)  # alignment: the policy of the pages forbids styles
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def _written(text: str) -> Markup:
    return escape(text) if text.isprintable() else shown(text, len(text))


def _text(_: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    return _written(tokens[at].content)


def _code(_: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    return Markup("<code>{}</code>").format(_written(tokens[at].content))


def _block(_: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    lines = Markup("\n").join(map(_written, tokens[at].content.splitlines()))
    return Markup('<pre tabindex="0"><code>{}</code></pre>\n').format(lines)


def _table(_: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    number = sum(token.type == "table_open" for token in tokens[: at + 1])
    return f'<div class="scroll" role="region" aria-label="Table {number}" tabindex="0">\n<table>\n'


def _table_end(_: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    return "</table>\n</div>\n"


def _header_cell(_: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    return '<th scope="col">'


def _make_reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable(_INERT)
    for name, rule in _rules():
        reader.add_render_rule(name, rule)
    return reader


def _rules() -> Iterator[tuple[str, Any]]:
    yield from (("text", _text), ("code_inline", _code), ("fence", _block), ("code_block", _block))
    yield from (("table_open", _table), ("table_close", _table_end), ("th_open", _header_cell))


_reader = _make_reader()
