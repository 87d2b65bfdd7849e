"""LaTeX → Unicode: golden formulas of the course, and that no formula changes its meaning."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from studyapp.errors import printable
from studyapp.notes.maths import to_unicode

GOLDEN = [
    # symbols and scripts
    (r"x", "x"),
    (r"\alpha\beta\gamma", "αβγ"),
    (r"w_{ij}", "wᵢⱼ"),
    (r"w_{i,j}", "w_(i,j)"),
    (r"x_1, x_2, \dots, x_n", "x₁, x₂, …, xₙ"),
    (r"x^{(i)}", "x⁽ⁱ⁾"),
    (r"a^{[l]} = g(z^{[l]})", "a^[l] = g(z^[l])"),
    (r"10^{-3}", "10⁻³"),
    (r"3 \times 10^{-4}", "3 × 10⁻⁴"),
    (r"e^{-x}", "e⁻ˣ"),
    (r"e^{x_i}", "e^(xᵢ)"),
    (r"{x^2}^3", "(x²)³"),
    (r"W_Q x", "W_Q x"),
    (r"W_Q^T", "W_(Q)ᵀ"),
    (r"\theta^*", "θ^*"),
    (r"f'(x), f''(x), x'^2", "f′(x), f″(x), x′²"),
    (r"\hat{y}", "ŷ"),
    (r"\bar{x}", "x̄"),
    (r"\tilde{x}_i^2", "x̃ᵢ²"),
    (r"\sqrt{\bar\alpha_t} x_0", "√ᾱₜ x₀"),
    (r"\widehat{xy}", "hat(xy)"),
    (r"\mathbf{y} = \mathbf{W}\mathbf{x} + \mathbf{b}", "𝐲 = 𝐖𝐱 + 𝐛"),
    (r"\boldsymbol{\theta}", "𝛉"),
    (r"\neg A \land B \ne C", "¬A ∧ B ≠ C"),
    (r"60{,}000 = 60,000", "60,000 = 60,000"),
    (r"95\%", "95%"),
    # fractions and roots
    (r"\frac{a+b}{c}", "(a + b)/c"),
    (r"\frac{a}{b+c}", "a/(b + c)"),
    (r"\frac{a}{bc}", "a/(bc)"),
    (r"\frac{1}{n(n+1)}", "1/(n(n + 1))"),
    (r"\frac{-x}{2}", "(−x)/2"),
    (r"\frac12", "1/2"),
    (r"\frac{a}{b}^2", "(a/b)²"),
    (r"2\frac{1}{3}", "2 (1/3)"),
    (r"\frac{\frac{a}{b}}{c}", "(a/b)/c"),
    (r"x^{\frac{1}{2}}", "x^(1/2)"),
    (r"\sqrt{2}x", "√2 x"),
    (r"\sqrt{2x}", "√(2x)"),
    (r"\sqrt{x^3}", "√(x³)"),
    (r"\sqrt[3]{x}", "³√x"),
    (r"2\sqrt[3]{5}", "2∛5"),
    (r"x\,\sqrt[4]{y}", "x ∜y"),
    (r"2\sqrt[n]{x}", "2(ⁿ√x)"),
    (r"\log \sqrt[3]{x}", "log ∛x"),
    (r"a - \sqrt[3]{x} / \sqrt[3]{y}", "a − ³√x/³√y"),
    (r"2{}^3x", "2 ³x"),
    (r"{}^{14}C", "¹⁴C"),
    # calculus
    (r"\partial L / \partial w", "∂L/∂w"),
    (r"\frac{\partial L}{\partial w_{ij}}", "∂L/∂wᵢⱼ"),
    (r"\frac{\partial^2 L}{\partial w^2}", "∂²L/∂w²"),
    (r"\frac{\partial^2 L}{\partial w\,\partial b}", "∂²L/(∂w ∂b)"),
    (r"\frac{dy}{dx} = \frac{dy}{du}\frac{du}{dx}", "dy/dx = (dy/du)(du/dx)"),
    (r"\nabla_\theta J(\theta)", "∇_θ J(θ)"),
    (r"\lim_{h \to 0} \frac{f(x+h)-f(x)}{h}", "lim_(h→0) ((f(x + h) − f(x))/h)"),
    (r"\int_a^b f(x)\,dx", "∫ₐᵇ f(x) dx"),
    # training
    (r"\theta_{t+1} = \theta_t - \eta \nabla L", "θₜ₊₁ = θₜ − η∇L"),
    (r"w \leftarrow w - \eta \frac{\partial L}{\partial w}", "w ← w − η (∂L/∂w)"),
    (r"m_t = \beta_1 m_{t-1} + (1-\beta_1) g_t", "mₜ = β₁mₜ₋₁ + (1 − β₁)gₜ"),
    (r"\eta \frac{\hat{m}_t}{\sqrt{\hat{v}_t} + \epsilon}", "η (m̂ₜ/(√v̂ₜ + ϵ))"),
    (r"\frac{\lambda}{2}\lVert w \rVert_2^2", "(λ/2)‖w‖₂²"),
    (r"\lVert x \rVert_2^2", "‖x‖₂²"),
    (r"\hat{x} = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}", "x̂ = (x − μ)/√(σ² + ϵ)"),
    (r"\theta^* = \arg\min_\theta L(\theta)", "θ^* = arg min_θ L(θ)"),
    (r"\hat{y} = \operatorname*{argmax}_c p(c|x)", "ŷ = argmax_c p(c|x)"),
    # layers
    (r"y = Wx + b", "y = Wx + b"),
    (r"C_{ij} = \sum_k A_{ik}B_{kj}", "Cᵢⱼ = ∑ₖ AᵢₖBₖⱼ"),
    (r"(AB)^T = B^T A^T", "(AB)ᵀ = BᵀAᵀ"),
    (r"X \in \mathbb{R}^{n \times m}", "X ∈ ℝ^(n×m)"),
    (r"(64,3,224,224) \to (64,10)", "(64,3,224,224) → (64,10)"),
    (r"\sigma(x) = \frac{1}{1+e^{-x}}", "σ(x) = 1/(1 + e⁻ˣ)"),
    (r"\text{ReLU}(x) = \max(0, x)", "ReLU(x) = max(0, x)"),
    (
        r"\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_j}}",
        "softmax(z)ᵢ = e^(zᵢ)/(∑ⱼ₌₁ᴷ e^(zⱼ))",
    ),
    (
        r"\operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V",
        "softmax(QKᵀ/√dₖ)V",
    ),
    (r"h_t = \tanh(W_{hh} h_{t-1} + b)", "hₜ = tanh(Wₕₕhₜ₋₁ + b)"),
    (r"\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1", "⌊(n + 2p − k)/s⌋ + 1"),
    # losses and figures of merit
    (r"\mathrm{MSE} = \frac{1}{n}\sum_{i=1}^n (y_i - \hat{y}_i)^2", "MSE = (1/n) ∑ᵢ₌₁ⁿ (yᵢ − ŷᵢ)²"),
    (r"\text{RMSE} = \sqrt{\frac{1}{n}\sum_i (y_i-\hat y_i)^2}", "RMSE = √((1/n) ∑ᵢ (yᵢ − ŷᵢ)²)"),
    (r"-\sum_{i} y_i \log \hat{y}_i", "−∑ᵢ yᵢ log ŷᵢ"),
    (
        r"-\left[y \log \hat{y} + (1-y)\log(1-\hat{y})\right]",
        "−[y log ŷ + (1 − y) log(1 − ŷ)]",
    ),
    (r"\frac{TP}{TP + FP}", "TP/(TP + FP)"),
    (r"F_1 = 2 \cdot \frac{P \cdot R}{P + R}", "F₁ = 2 · (P · R)/(P + R)"),
    (r"\frac{\text{right}}{\text{number of examples}}", "right/(number of examples)"),
    # probability
    (r"P(A \mid B) = \frac{P(B \mid A)P(A)}{P(B)}", "P(A | B) = P(B | A)P(A)/P(B)"),
    (r"\frac{1}{p(1-p)}", "1/(p(1 − p))"),
    (r"p < 0.05", "p < 0.05"),
    (r"X \sim \mathcal{N}(\mu, \sigma^2)", "X ∼ 𝒩(μ, σ²)"),
    (
        r"\frac{1}{\sigma\sqrt{2\pi}} e^{-\frac{(x-\mu)^2}{2\sigma^2}}",
        "(1/(σ√(2π))) e^(−(x − μ)²/(2σ²))",
    ),
    (r"\exp\left(-\frac{x^2}{2}\right)", "exp(−x²/2)"),
    (r"\mathbb{E}_{x \sim p}[f(x)]", "𝔼_(x∼p)[f(x)]"),
    (
        r"\operatorname{Var}(X) = \mathbb{E}[X^2] - \mathbb{E}[X]^2",
        "Var(X) = 𝔼[X²] − 𝔼[X]²",
    ),
    (r"\bar{x} \pm 1.96 \frac{s}{\sqrt{n}}", "x̄ ± 1.96 (s/√n)"),
    (r"z = \frac{x - \mu}{\sigma / \sqrt{n}}", "z = (x − μ)/(σ/√n)"),
    (r"D_{KL}(p \| q) = \sum_x p(x) \log\frac{p(x)}{q(x)}", "D_(KL)(p‖q) = ∑ₓ p(x) log(p(x)/q(x))"),
    (r"\binom{n}{k} = \frac{n!}{k!(n-k)!}", "(n choose k) = n!/(k!(n − k)!)"),
    (r"\mathbb{1}[y = c]", "𝟙[y = c]"),
    (r"\left(1 + \frac{19}{81} \cdot \frac{t}{S}\right)^{-0.5}", "(1 + 19/81 · t/S)^(−0.5)"),
    # rows on one line
    (
        r"f(x) = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        "f(x) = {x if x > 0; 0 otherwise}",
    ),
    (r"A = \begin{pmatrix} 1 & 2 \\ 3 & -4 \end{pmatrix}", "A = (1, 2; 3, −4)"),
    (r"\begin{aligned} a &= b + c \\ &= d \end{aligned}", "a = b + c = d"),
    (r"a = b \\ c = d", "a = b; c = d"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "text"), GOLDEN)
def test_a_formula_of_the_course(latex: str, text: str) -> None:
    assert to_unicode(latex) == text


@pytest.mark.parametrize(
    ("latex", "lines"),
    [
        (r"A = \begin{pmatrix} 1 & 2 \\ 3 & -4 \end{pmatrix}", ["A = ⎛1   2⎞", "    ⎝3  −4⎠"]),
        (
            r"f(x)=\begin{cases}-1 & x<0\\ 0 & x=0\\ 1 & \text{else}\end{cases}",
            ["       ⎧ −1  x < 0", "f(x) = ⎨ 0   x = 0", "       ⎩ 1   else"],
        ),
        (
            r"f(x) = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
            ["f(x) = ⎧ x  if x > 0", "       ⎩ 0  otherwise"],
        ),
        (r"\begin{aligned} a &= b + c \\ &= d \end{aligned}", ["a = b + c", "  = d"]),
        (r"\left[\begin{array}{c}\hat{a}\\b\end{array}\right]^T", ["⎡â⎤ᵀ", "⎣b⎦"]),
        (
            r"\begin{bmatrix}x_1\\x_2\\x_3\end{bmatrix} = \begin{bmatrix}u\\v\end{bmatrix}",
            ["⎡x₁⎤", "⎢x₂⎥ = ⎡u⎤", "⎣x₃⎦   ⎣v⎦"],
        ),
        (r"a = b \\ c = d", ["a = b", "c = d"]),
    ],
)
def test_rows_become_a_block_in_display(latex: str, lines: list[str]) -> None:
    assert to_unicode(latex, display=True).split("\n") == lines


@pytest.mark.parametrize(
    "latex",
    [
        r"\nosuchmacro{x}",
        r"\frac{a}",
        r"x^a^b",
        r"{a",
        r"a}",
        r"\left( a",
        r"\begin{tikzpicture}\end{tikzpicture}",
        r"\begin{cases} a",
        r"5%",
        r"a & b",
        "\\",
        r"\text{a $b$}",
        r"\sqrt[q]{x}",
        "{" * 5000 + "x" + "}" * 5000,
        r"\hat" * 5000 + "x",
    ],
)
def test_what_cannot_be_read_stays_as_it_was(latex: str) -> None:
    assert to_unicode(latex) == latex


PIECES = st.sampled_from(
    r"""\frac \sqrt \hat \bar \sum \left \right ( ) [ ] { } ^ _ ' & \\ \begin{cases} \end{cases}
    \begin{pmatrix} \end{pmatrix} \text \mathbf \mathbb \mathrm \operatorname \not \underset
    \overset \underbrace \middle | \| \, \; ~ , ; - + = / ! . a b x 1 2 \alpha \nabla \log \to
    \substack \pmod \binom \begin \end {cases} \mid \lVert \rVert \quad % $ # é 字 \x00 \u202e"""
    .replace(r"\x00", "\x00").replace(r"\u202e", "\u202e").split(" ")
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=3), max_size=25).map(" ".join), st.booleans())
def test_no_text_raises_or_steers_the_terminal(latex: str, display: bool) -> None:
    text = to_unicode(latex, display=display)
    assert text == printable(text)
    assert display or "\n" not in text or text == printable(latex)


def test_pylatexenc_is_imported_with_the_first_formula_only() -> None:
    code = """
import sys
from studyapp.notes.maths import to_unicode
assert not [name for name in sys.modules if name.startswith("pylatexenc")]
to_unicode(r"\\alpha")
assert "pylatexenc.latex2text" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# The meaning of a formula: written as LaTeX, rendered, read back and evaluated.
# Powers and roots are stand-ins that are exact on fractions and neither commute nor associate.


def power(base: Fraction, exponent: Fraction) -> Fraction:
    return 2 * base * base + 3 * exponent + 5 * base * exponent


def root(value: Fraction, degree: int = 2) -> Fraction:
    return value * value + 7 * value + degree


LETTERS = {"a": Fraction(2), "b": Fraction(3), "c": Fraction(7, 2), "x": Fraction(-5)}

Tree = tuple  # ("leaf", text) or (operator, tree, …)
TREES = st.recursive(
    st.sampled_from([*LETTERS, "2", "3", "10"]).map(lambda text: ("leaf", text)),
    lambda inner: st.one_of(
        st.tuples(
            st.sampled_from(["+", "-", "dot", "beside", "beside", "frac", "frac", "^"]),
            inner,
            inner,
        ),
        st.tuples(st.sampled_from(["sqrt", "sqrt", "3", "5", "neg"]), inner),
    ),
    max_leaves=9,
)


def value_of(tree: Tree) -> Fraction:
    head, *rest = tree
    if head == "leaf":
        return LETTERS.get(rest[0]) or Fraction(rest[0])
    values = [value_of(part) for part in rest]
    match head:
        case "+":
            return values[0] + values[1]
        case "-":
            return values[0] - values[1]
        case "dot" | "beside":
            return values[0] * values[1]
        case "frac":
            return values[0] / values[1]
        case "^":
            return power(*values)
        case "sqrt":
            return root(values[0])
        case "3" | "5":
            return root(values[0], int(head))
        case _:
            return -values[0]


def latex_of(tree: Tree) -> str:
    """Write LaTeX as a careful author would: brackets only where LaTeX itself needs them."""
    head, *rest = tree

    def bracketed(part: Tree, *heads: str) -> str:
        text = latex_of(part)
        return rf"\left({text}\right)" if part[0] in heads or text.startswith("-") else text

    match head:
        case "leaf":
            return str(rest[0])
        case "+":
            return f"{latex_of(rest[0])} + {bracketed(rest[1])}"
        case "-":
            return f"{latex_of(rest[0])} - {bracketed(rest[1], '+', '-')}"
        case "dot" | "beside":
            left, right = (bracketed(part, "+", "-") for part in rest)
            # a number on the right would run into what stands before it, on any page
            first = rest[1]
            while first[0] in ("dot", "beside", "^"):
                first = first[1]
            digits = first[0] == "leaf" and first[1].isdigit()
            return f"{left} \\cdot {right}" if head == "dot" or digits else f"{left} {right}"
        case "frac":
            return rf"\frac{{{latex_of(rest[0])}}}{{{latex_of(rest[1])}}}"
        case "^":
            loose = ("+", "-", "dot", "beside", "frac", "^", "sqrt", "3", "5")
            return f"{bracketed(rest[0], *loose)}^{{{latex_of(rest[1])}}}"
        case "sqrt":
            return rf"\sqrt{{{latex_of(rest[0])}}}"
        case "3" | "5":
            return rf"\sqrt[{head}]{{{latex_of(rest[0])}}}"
        case _:
            return f"-{bracketed(rest[0], '+', '-')}"


SMALL = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜˣ", "0123456789+−=()abcx", strict=True))


class Calculator:
    """Read our Unicode text. Where people differ, does a product bind tighter than a slash?"""

    def __init__(self, text: str, products_first: bool) -> None:
        self.text, self.at, self.products_first = text, 0, products_first

    def total(self) -> Fraction:
        value = self.sum()
        assert self.at == len(self.text), (self.text, self.at)
        return value

    def peek(self) -> str:
        while self.text[self.at : self.at + 1] == " ":
            self.at += 1
        return self.text[self.at : self.at + 1]

    def take(self, char: str) -> bool:
        found = self.peek() == char
        self.at += found
        return found

    def takes(self, sign: str) -> bool:
        self.peek()
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) * found
        return found

    def sum(self) -> Fraction:
        value = -self.term() if self.take("−") else self.term()
        while self.peek() in ("+", "−") and self.peek():
            value = (
                value + self.term() if self.take("+") else value - (self.take("−") * self.term())
            )
        return value

    def term(self) -> Fraction:
        value = self.chain()
        while self.peek() and self.peek() not in "+−)":
            if self.take("/"):
                value /= self.chain()
            else:
                self.take("·")
                value *= self.chain()
        return value

    def chain(self) -> Fraction:
        value = self.power()
        while self.products_first and self.peek() and self.peek() not in "+−)/·":
            value *= self.power()
        return value

    def power(self) -> Fraction:
        base = self.primary()
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in SMALL:
            self.at += 1
        if self.at > start:
            exponent = "".join(SMALL[char] for char in self.text[start : self.at])
            return power(base, Calculator(exponent, self.products_first).total())
        if self.text.startswith("^(", self.at):
            self.at += 1
            return power(base, self.primary())
        return base

    def primary(self) -> Fraction:
        if self.take("("):
            value = self.sum()
            assert self.take(")"), self.text
            return value
        degrees = {"√": 2, "∛": 3, "³√": 3, "⁵√": 5}
        degree = next((d for sign, d in degrees.items() if self.takes(sign)), None)
        if degree is not None:
            value = self.primary()
            after = self.text[self.at : self.at + 1]
            reaches_on = after.isalnum() or after in ("(", "√", "∛", "^")
            assert not reaches_on or self.text[self.at - 1] == ")", self.text
            return root(value, degree)
        start = self.at + (self.peek() == "")
        assert self.text[start : start + 1].isalnum(), (self.text, start)
        self.at = start + 1
        if self.text[start] in LETTERS:
            return LETTERS[self.text[start]]
        while self.text[self.at : self.at + 1] in set("0123456789"):
            self.at += 1
        return Fraction(self.text[start : self.at])


@settings(max_examples=1000, deadline=None)  # fewer miss a bracket taken away on purpose
@given(TREES, st.booleans())
def test_a_formula_means_the_same_afterwards(tree: Tree, products_first: bool) -> None:
    try:
        value = value_of(tree)
        read = Calculator(to_unicode(latex_of(tree)), products_first).total()
    except ZeroDivisionError:
        assume(False)
    assert read == value, (latex_of(tree), to_unicode(latex_of(tree)))
