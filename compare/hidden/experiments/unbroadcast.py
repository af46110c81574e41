"""Why the gradient of a bias is a sum: the transpose of broadcasting."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.shaping import broadcast_to
from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import first_batch
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import network
from compare.worlds import AUTOGRAD, MANUAL, NAMES, TORCH_REF

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Why is the gradient of a bias a sum?"
CLAIM = (
    "Broadcasting is a matrix J of zeros and ones; its transpose times g is the sum of g over the axes that were "
    "stretched, and the engine and PyTorch return just that, bit for bit. In the network, db3 is J^T dz3 in all three."
)

#: (shape of b, shape it is stretched to): a bias, a row, a column, one number.
CASES = (((3,), (4, 3)), ((1, 3), (4, 3)), ((4, 1), (4, 3)), ((), (4, 3)))


@dataclass(frozen=True)
class Stretching:
    """A small array stretched to a large one. g: the large one's gradient; J: the matrix of the stretching.

    found: the small one's gradient by way: J^T g as "transpose", and each implementation's.
    """

    small: tuple[int, ...]
    large: tuple[int, ...]
    g: list[Any]
    J: list[Any]
    found: dict[str, Any]

    @property
    def agrees(self) -> bool:
        """Whether every way finds J^T g, bit for bit."""
        return all(value == self.found["transpose"] for value in self.found.values())

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {"from": self.small, "to": self.large, "g": self.g, "J": self.J, "found": self.found}


@dataclass(frozen=True)
class Measured:
    """The cases, and the part of the rounding bound that db3 used by implementation, for so many rows."""

    cases: list[Stretching]
    used: dict[str, float]
    rows: int


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """Small whole numbers, whose sums no rounding blurs; then the last bias of the network on real digits."""
    random = np.random.default_rng(settings.seed)
    cases = []
    for small, large in CASES:
        g = random.integers(-5, 6, large).astype(settings.dtype)
        J = jacobian(small, large, settings.dtype)
        found = {"transpose": (J.T @ g.ravel()).reshape(small), **gradients(small, g)}
        lists = {name: value.tolist() for name, value in found.items()}
        cases.append(Stretching(small, large, g.tolist(), J.astype(int).tolist(), lists))
        advance()
    x, labels = first_batch(settings, digits)
    used = {}
    for name in NAMES:
        trace = network(name, settings, digits).trace(x, labels)
        used[name] = part_of_bound(trace["dz3"], trace["db3"])
        advance()
    return Measured(cases, used, len(x))


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    cases, used, rows = result.cases, result.used, result.rows
    equal = [case.agrees for case in cases]
    worst = max(used.values())
    answer = (
        f"Because adding b to {rows} rows, as a matrix J, is {rows} identity matrices stacked, and its transpose sums "
        f"the rows. The engine, PyTorch and NumPy's sum are bit-identical to J^T g in {sum(equal)} of {len(equal)} "
        f"shapes; db3 is J^T dz3 in all three networks, within {worst:.0%} of its rounding bound."
    )
    lesson = (
        "`x @ W1 + b1` adds a vector to a matrix. NumPy stretches b1 to every row first, and that step is linear: "
        "as a matrix J it is one identity matrix above the other, one for each row of the batch. Going back, a linear "
        "step is its transpose. J^T lays the identity matrices side by side, and J^T g is the sum of the rows of g. So "
        "the sum in `db1 = dz1.sum(axis=0)` is no rule to learn by heart: it follows from broadcasting. So does the "
        "sum over columns, or over all entries, for other shapes. Frameworks do it wherever shapes were stretched, "
        "also where you did not mean them to be: an (m, 1) minus an (m,) becomes (m, m), and its gradient comes "
        "back in a shape that fits, without a word."
    )
    measured = {"cases": plain(cases), "db3_bound_used": used}
    return Finding(answer, all(equal) and worst <= 1, measured, lesson)


def jacobian(small: tuple[int, ...], large: tuple[int, ...], dtype: str) -> np.ndarray:
    """The derivative of every entry of the stretched array by every entry of b, found by stretching unit vectors."""
    size = int(np.prod(small))
    columns = [np.broadcast_to(unit.reshape(small), large).ravel() for unit in np.eye(size, dtype=dtype)]
    return np.stack(columns, axis=1)


def gradients(small: tuple[int, ...], g: np.ndarray) -> dict[str, np.ndarray]:
    """The gradient of b, where g is that of the stretched b: by hand, on the engine and in PyTorch."""
    import torch

    b = np.zeros(small, g.dtype)
    padded = (1,) * (g.ndim - b.ndim) + small
    stretched = tuple(axis for axis, n in enumerate(padded) if n != g.shape[axis])
    leaf = Tensor(b, requires_grad=True)
    broadcast_to(leaf, g.shape).backward(g)
    parameter = torch.tensor(b, requires_grad=True)
    parameter.expand(g.shape).backward(torch.from_numpy(g))
    assert leaf.grad is not None, "the backward pass reached its leaf"
    assert parameter.grad is not None, "the backward pass reached its leaf"
    return {
        MANUAL: g.sum(axis=stretched, keepdims=True).reshape(small),
        AUTOGRAD: leaf.grad,
        TORCH_REF: parameter.grad.numpy(),
    }


def part_of_bound(dz: np.ndarray, db: np.ndarray) -> float:
    """The largest |db - J^T dz|, J^T dz in float64 or longer, as a part of the bound g(m) sum |dz| of a sum of m."""
    m, u = len(dz), float(np.finfo(dz.dtype).eps) / 2
    exact = dz.astype(np.longdouble).sum(axis=0)
    bound = m * u / (1 - m * u) * np.abs(dz).sum(axis=0, dtype=np.float64)
    return float((np.abs(db - exact) / bound).max())


def draw(result: Measured) -> "Figure":
    """J^T g = db as a picture, for a bias of three entries and a batch of four."""
    from compare.shared.figures import INK, new_figure

    case = result.cases[0]
    Jt, g = np.array(case.J).T, np.array(case.g)
    rows, n = g.shape
    shades = ("#0072B2", "#D55E00", "#009E73")  # one for each entry of b
    figure = new_figure(9, 4.6)
    axes = figure.subplots()

    def square(column: float, row: float, words: str, shade: str | None) -> None:
        from matplotlib.patches import Rectangle

        face = shade or "white"
        axes.add_patch(Rectangle((column, row), 0.94, 0.94, facecolor=face, edgecolor="#bbbbbb", linewidth=0.8))
        axes.text(column + 0.47, row + 0.5, words, ha="center", va="center", fontsize=9,
                  color="white" if shade else "#999999")  # fmt: skip

    top = (rows * n - n) / 2
    for i in range(n):
        for j in range(rows * n):
            square(j + (j // n) * 0.3, top + i, str(Jt[i, j]), shades[i] if Jt[i, j] else None)
        total = case.found[TORCH_REF][i]
        terms = " ".join(f"{value:+.0f}" for value in g[:, i])
        square(19.3, top + i, f"{total:.0f}", shades[i])
        axes.text(20.6, top + i + 0.5, f"= {terms}", va="center", fontsize=10, color=INK)
    for k, value in enumerate(g.ravel()):
        square(15.3, k + (k // n) * 0.3 - 0.45, f"{value:.0f}", shades[k % n])
    for column, words in ((14.05, "·"), (17.7, "=")):
        axes.text(column, top + n / 2, words, fontsize=20, ha="center", va="center")
    for column, words, height in (
        (6.45, f"$J^T$: {rows} identity matrices side by side, one for each row of the batch", top - 0.6),
        (15.77, "g", -1.0),
        (19.77, "db", top - 0.6),
    ):
        axes.text(column, height, words, ha="center", va="bottom", fontsize=10)
    axes.set_xlim(-0.3, 25.5)
    axes.set_ylim(rows * n + 0.8, -2.2)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title("The transpose of broadcasting is a sum over the rows")
    return figure
