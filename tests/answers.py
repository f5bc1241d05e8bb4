"""Answers as language models write them, and what is to become of them."""

from __future__ import annotations

from typing import NamedTuple


class Written(NamedTuple):
    """Markdown, what its text must and must not have, and what must be formatted: (type, text), None for any text."""

    name: str
    markdown: str
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    formatted: tuple[tuple[str, str | None], ...] = ()


_LONG = "> " + "It went on for a good while, and then for another one. " * 14
_WIDE = """\
| City | How to get there | Where to stay | Remark |
|---|---|---|---|
| Porto | train, three hours | by the river | see the **bridge** |
| Faro | plane | anywhere | long beaches, look [here](https://faro.example/map) |"""

ANSWERS = (
    Written(
        "code in a list",
        "So:\n\n1. **Get** it:\n   ```sh\n   apt install cow\n   ```\n   It takes long.\n2. Say `cow hi`.\n\nDone.",
        ("it:\napt install cow\nIt takes long.", "2. Say cow hi."),
        ("```",),
        (("pre", "apt install cow"), ("bold", "Get"), ("code", "cow hi")),
    ),
    Written(
        "headings",
        "# Week\n\n## Monday\n- rest\n- *read*\n\n## Tuesday\n- swim",
        ("Week", "• rest\n• read"),
        ("#", "*"),
        (("bold", "Week"), ("italic", "read")),
    ),
    Written(
        "nested by four blanks",
        "1. Cook\n    - rice\n    - beans\n2. Eat\n    1. slowly\n    2. warm",
        ("1. Cook\n", "rice\n", "2. Eat\n", "1. slowly\n"),
    ),
    Written(
        "paragraphs in items",
        "1. Lift the lid.\n\n   Mind the steam.\n\n2. Stir.",
        ("1. Lift the lid.\n\n", "Mind the steam.\n\n2. Stir."),
    ),
    Written(
        "table",
        "| Tea | Cost |\n|:--|--:|\n| Mint | $0 |\n| Oolong | $12 |",
        ("Mint", "$12"),
        ("|--",),
        (("pre", None),),
    ),
    Written(
        "links in a table",
        "| What | At |\n|---|---|\n| soup | [l](https://soup.example/l) |\n| bread | [shop](https://loaf.example/en) |",
        ("soup.example/l", "loaf.example/en"),
        ("](",),
    ),
    Written(
        "emphasis in a table",
        "| **Plan** | **Old** | **New** |\n|---|:-:|:-:|\n| Quick | ✅ | ❌ |\n| `ls` | a | b |",
        ("Plan", "Quick", "✅", "ls"),
        ("**", "`"),
    ),
    Written("break in a table", "| A | B |\n|---|---|\n| c | up<br>down |", ("up", "down"), ("<br>",)),
    Written(
        "prices",
        "That is $7 a week, or $70 for all (**$5.83** each).",
        ("is $7 a week, or $70 for all ($5.83 each)",),
        (),
        (("bold", "$5.83"),),
    ),
    Written("a range of prices", "Some $1,500 to $2,500, or R$ 9,99.", ("Some $1,500 to $2,500, or R$ 9,99.",)),
    Written("variables", "Look into $HOME/$LANG, then echo $SHELL.", ("$HOME/$LANG", "$SHELL")),
    Written("formula in a line", "It follows that $a^{2} + b_1 = 0$ holds.", ("It follows", "holds."), ("$",)),
    Written(
        "formula as a block",
        "So:\n\n\\[\nt = \\frac{v \\pm \\sqrt{v^2-2gh}}{g}\n\\]\n\nwhile \\(g \\neq 0\\).",
        ("So:", "while g ≠ 0."),
        ("\\(", "\\["),
    ),
    Written(
        "aligned formulas",
        "\\[\n\\begin{aligned}\np &= q \\\\\n- r &= s\n\\end{aligned}\n\\]",
        ("p = q", "r = s"),
        ("•",),
    ),
    Written(
        "address with underlines", "It is in https://a.example/b/src/__main__.py there.", ("src/__main__.py there.",)
    ),
    Written("address with stars", "Open https://p.example/q*r or https://s.example/t*u now.", ("/q*r or", "/t*u now.")),
    Written(
        "bold address",
        "**https://p.example/way** leads there",
        ("https://p.example/way leads there",),
        ("**",),
        (("bold", "https://p.example/way"),),
    ),
    Written(
        "link",
        "See [our *map*](https://map.example/m?x=1&y=2) first.",
        ("See our map first.",),
        ("](",),
        (("text_link", "our map"),),
    ),
    Written(
        "telephone and mail",
        "Ring [the office](tel:+351210000000) or [write](mailto:hi@a.example).",
        ("+351210000000", "write"),
        ("](",),
    ),
    Written(
        "link with a definition",
        "Try [this recipe][r] tonight.\n\n[r]: https://cook.example/r 'Recipe'",
        ("Try this recipe tonight.",),
        ("[r]",),
        (("text_link", "this recipe"),),
    ),
    Written(
        "Chinese",
        "**警告：**请不要触摸。参见**“附录”**一节。",
        ("警告：请不要触摸。参见“附录”一节。",),
        ("**",),
        (("bold", "警告："), ("bold", "“附录”")),
    ),
    Written(
        "Chinese list",
        "方法：\n1. **下载**：运行`npm install y`。\n2. **重启（推荐）**。好了。",
        ("1. 下载：运行npm install y。", "2. 重启（推荐）。好了。"),
        ("**",),
        (("bold", "下载"), ("bold", "重启（推荐）")),
    ),
    Written(
        "Korean",
        '**러스트(Rust)**는 **"빠른"**언어입니다.',
        ('러스트(Rust)는 "빠른"언어입니다.',),
        ("**",),
        (("bold", "러스트(Rust)"),),
    ),
    Written(
        "Hebrew",
        "**תודה!** הנה `npm` ו־[אתר](https://site.example/b).\n\n- חלב\n- לחם",
        ("תודה! הנה npm", "• חלב\n• לחם"),
        ("**", "]("),
        (("bold", "תודה!"), ("text_link", "אתר")),
    ),
    Written(
        "emoji",
        "🚀 **Well done!** 👩\u200d💻 That *was* quick 🇵🇹 👏🏿 `yes`",
        ("🚀 Well done! 👩\u200d💻 That was quick 🇵🇹 👏🏿 yes",),
        ("**",),
        (("bold", "Well done!"), ("italic", "was"), ("code", "yes")),
    ),
    Written(
        "tasks",
        "To do:\n- [x] Water plants\n- [ ] **Phone** Eve\n- [ ] `make test`",
        ("✅ Water plants", "☐ Phone Eve", "☐ make test"),
        ("[x]", "[ ]"),
        (("bold", "Phone"),),
    ),
    Written(
        "footnote",
        "They say so[^2].\n\n[^2]: https://paper.example/p",
        ("so².", "² https://paper.example/p"),
        ("[^2]",),
    ),
    Written("rule", "First half.\n\n***\n\nSecond half.", ("First half.", "Second half."), ("***",)),
    Written(
        "tags of HTML",
        "Hold <kbd>Alt</kbd>+<b>F</b>, <u>then</u> wait. CO<sub>2</sub>, m<sup>3</sup>.",
        ("Hold Alt+F, then wait.", "CO₂", "m³"),
        ("<b>", "<sub>"),
        (("bold", "F"), ("underline", "then")),
    ),
    Written(
        "what is no HTML",
        "A List<int> with <YOUR_NAME> in a <div>; x < y > z.",
        ("List<int>", "<YOUR_NAME>", "<div>", "x < y > z."),
    ),
    Written(
        "a fence in a fence",
        "````md\n```py\ny\n```\n````",
        ("```py\ny\n```",),
        ("````",),
        (("pre", "```py\ny\n```"),),
    ),
    Written(
        "odd languages",
        "```c#\nvar a;\n```\n```f90\nend\n```",
        ("var a;\n", "end"),
        ("```",),
        (("pre", "var a;"), ("pre", "end")),
    ),
    Written(
        "quotation",
        "> **Mind:** the gap.\n> It is wide.\n\nGo on.",
        ("Mind: the gap.\nIt is wide.\n\nGo on.",),
        ("**", "> "),
        (("blockquote", "Mind: the gap.\nIt is wide."),),
    ),
    Written(
        "code in a quotation",
        "> Type:\n> ```\n> pwd\n> ```\n> there",
        ("Type:\npwd\nthere",),
        ("```",),
        (("pre", "pwd"),),
    ),
    Written("long quotation", _LONG, ("another one.",), (), (("expandable_blockquote", None),)),
    Written("sums", "3*4*5 = 60 and 3 * 4 = 12, 2**2**3 = 256.", ("3*4*5 = 60 and 3 * 4 = 12, 2**2**3 = 256.",)),
    Written(
        "struck out", "~~€80~~ **€60** now, ~9 left", ("€80 €60 now, ~9 left",), ("~~",), (("strikethrough", "€80"),)
    ),
    Written(
        "spoiler",
        "It was ||the gardener||; when (x || y || z) holds.",
        ("It was the gardener; when (x || y || z) holds.",),
        (),
        (("spoiler", "the gardener"),),
    ),
    Written(
        "bold words with colons",
        "* **Size:** small\n* **Colour:** blue\n\n**In short:** fine",
        ("• Size: small\n• Colour: blue\n\nIn short: fine",),
        ("**",),
        (("bold", "Size:"), ("bold", "In short:")),
    ),
    Written("wide table", _WIDE, ("Porto", "Faro", "How to get there: plane", "long beaches"), ("**", "|---")),
)
