"""LaTeX as a text, as far as letters and signs can say it."""

from __future__ import annotations

import re

SUPERSCRIPTS = str.maketrans("0123456789+-=()in", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿ")
SUBSCRIPTS = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
LONGEST, DEEPEST = 2_000, 12
_PIECE = re.compile(r"\\[a-zA-Z]+|\\.|\s+|.", re.DOTALL)
_GREEK = (
    "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ "
    "mu μ nu ν xi ξ pi π rho ρ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ "
    "Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω"
)
_SIGNS = (
    "times × cdot · div ÷ pm ± mp ∓ le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈ equiv ≡ sim ∼ cong ≅ propto ∝ ll ≪ gg ≫ "
    "infty ∞ partial ∂ nabla ∇ sum ∑ prod ∏ int ∫ iint ∬ oint ∮ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ "
    "supseteq ⊇ cup ∪ cap ∩ setminus ∖ emptyset ∅ varnothing ∅ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ land ∧ wedge ∧ "
    "lor ∨ vee ∨ oplus ⊕ otimes ⊗ to → rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ "
    "Leftrightarrow ⇔ implies ⇒ iff ⇔ mapsto ↦ uparrow ↑ downarrow ↓ ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ circ ∘ "
    "bullet • star ⋆ ast ∗ angle ∠ perp ⊥ parallel ∥ mid ∣ therefore ∴ because ∵ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ "
    "lceil ⌈ rceil ⌉ hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ prime ′ degree ° vert | Vert ‖ lbrace { rbrace } backslash \\"
)
_NAMED = "sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan log ln lg exp lim limsup liminf max min sup inf "
_NAMED += "arg deg det dim gcd ker mod Pr"
_SILENT = "left right big Big bigg Bigg bigl bigr Bigl Bigr displaystyle textstyle limits nolimits"
_FONTS = "text textbf textit textrm mathrm mathbf mathit mathsf mathcal operatorname boldsymbol mbox"
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "overline": "\u0305", "vec": "\u20d7", "dot": "\u0307", "tilde": "\u0303"}
_BLACKBOARD = str.maketrans("CHNPQRZ", "ℂℍℕℙℚℝℤ")
_SPACES = {"quad": "  ", "qquad": "    "}


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_FUNCTIONS, _PLAIN = frozenset(_NAMED.split()), frozenset(_FONTS.split())
_WORDS = _pairs(_GREEK) | _pairs(_SIGNS) | _SPACES | dict.fromkeys(_SILENT.split(), "")
_CHARACTERS = {",": " ", ";": " ", ":": " ", " ": " ", "!": "", "\\": "\n", "|": "‖"}


def shown(latex: str) -> tuple[str, bool]:
    """The text that a formula stands for and True, or the formula as it is written and False."""
    source = latex.strip()
    if len(source) > LONGEST:
        return source, False
    try:
        text = _Formula(_PIECE.findall(source)).sequence("", 0)
    except ValueError:
        return source, False
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line) or source, True


class _Formula:
    """Reads the pieces of one formula, from its beginning to its end; ValueError where no text stands for one."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces[::-1]

    def sequence(self, close: str, depth: int) -> str:
        """All up to a closing bracket, or to the end."""
        parts: list[str] = []
        while self._pieces:
            piece = self._pieces.pop()
            if piece == close:
                return "".join(parts)
            parts.append(self._read(piece, depth))
        if close:
            raise ValueError
        return "".join(parts)

    def _read(self, piece: str, depth: int) -> str:
        if depth > DEEPEST or piece == "}":
            raise ValueError
        if piece == "{":
            return self.sequence("}", depth + 1)
        if piece in ("^", "_"):
            return (raised if piece == "^" else lowered)(self._argument(depth))
        if piece[0] == "\\" and len(piece) > 1:
            return self._command(piece[1:], depth)
        return "" if piece == "&" else " " if piece == "~" or piece.isspace() else piece

    def _argument(self, depth: int) -> str:
        """What a command is about: a group, or the next sign."""
        self._skip()
        if not self._pieces or self._pieces[-1] in ("^", "_", "&"):
            raise ValueError
        return self._read(self._pieces.pop(), depth + 1).strip()

    def _skip(self) -> None:
        while self._pieces and self._pieces[-1].isspace():
            self._pieces.pop()

    def _command(self, name: str, depth: int) -> str:
        if not name.isalpha():
            return _CHARACTERS.get(name, name)
        if name in _WORDS:
            return self._word(name)
        if name in _FUNCTIONS:
            return name + (" " if self._pieces and self._pieces[-1][0] in "\\{" else "")
        if name in ("frac", "dfrac", "tfrac"):
            above = _grouped(self._argument(depth))
            return f"{above}/{_grouped(self._argument(depth))}"
        if name == "sqrt":
            return self._root(depth)
        return self._dressed(name, depth)

    def _word(self, name: str) -> str:
        if name in ("left", "right"):
            self._skip()
            if self._pieces and self._pieces[-1] == ".":
                self._pieces.pop()
        return _WORDS[name]

    def _root(self, depth: int) -> str:
        degree = ""
        if self._pieces and self._pieces[-1] == "[":
            self._pieces.pop()
            degree = self.sequence("]", depth + 1).translate(SUPERSCRIPTS)
        return f"{degree}√{_grouped(self._argument(depth))}"

    def _dressed(self, name: str, depth: int) -> str:
        if name in _PLAIN:
            return self._argument(depth)
        if name in ("begin", "end"):
            self._argument(depth)
            return ""
        if name == "mathbb":
            return self._argument(depth).translate(_BLACKBOARD)
        accent = _ACCENTS.get(name)
        argument = self._argument(depth) if accent else ""
        if accent is None or len(argument) != 1:
            raise ValueError
        return argument + accent


def _grouped(text: str) -> str:
    return text if len(text) < 2 or text.isalnum() else f"({text})"


def raised(text: str) -> str:
    """A superscript."""
    return _small(text, SUPERSCRIPTS, "^")


def lowered(text: str) -> str:
    """A subscript."""
    return _small(text, SUBSCRIPTS, "_")


def _small(text: str, letters: dict[int, int], mark: str) -> str:
    if all(ord(character) in letters for character in text):
        return text.translate(letters)
    return mark + (text if len(text) < 2 else f"({text})")
