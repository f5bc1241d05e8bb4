"""LaTeX as a text, where letters and signs can say it."""

from __future__ import annotations

import pytest

from middleware.markdown.formulas import DEEPEST, LONGEST, shown


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"e^{i\pi} + 1 = 0", "e^(iπ) + 1 = 0"),
        (r"x = \frac{-b \pm \sqrt{b^2-4ac}}{2a}", "x = (-b ± √(b²-4ac))/2a"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "a = b\nc = d"),
        (r"\sin\theta + \log_2 n", "sin θ + log₂ n"),
        (r"\left( \frac12 \right)^n", "( 1/2 )ⁿ"),
        (r"\left. x \right.", "x"),
        (r"\vec{v} \in \mathbb{R}^3", "v⃗ ∈ ℝ³"),
        (r"\{a, b\} \cup \emptyset", "{a, b} ∪ ∅"),
        (r"\sqrt[3]{x} \leq \sqrt y", "³√x ≤ √y"),
        (r"v = 5\,\text{km per h}~\%", "v = 5 km per h %"),
        ("E=mc^2", "E=mc²"),
        (r"x_{ab c}", "x_(ab c)"),
    ],
)
def test_a_formula_is_a_text(latex: str, text: str) -> None:
    """With the signs that it means."""
    assert shown(latex) == (text, True)


@pytest.mark.parametrize(
    "latex",
    [
        r"\oddity{x}",
        "a^",
        "a__b",
        r"\frac{a}",
        "{a",
        "a}",
        r"\vec{ab}",
        "{" * (DEEPEST + 2),
        "^" * 900,
        "a" * (LONGEST + 1),
    ],
)
def test_what_no_text_stands_for_stays_as_it_is_written(latex: str) -> None:
    """None of it is left out."""
    assert shown(f" {latex} ") == (latex, False)
