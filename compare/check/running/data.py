"""The data that a program is given in a trial: how wide they are, how they lie, and another batch for each step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.check.recording.session import session
from compare.check.running.roles import of_parameter

MISSING: Any = object()
ROWS = (37, 41, 43, 29)
#: How inputs and labels lie, from (m, width); the last two make lists of pairs.
LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "rows": lambda a: a,
    "columns": lambda a: np.ascontiguousarray(a.T),
    "columns one by one": lambda a: a.reshape(*a.shape, 1) if a.ndim > 1 else a,
    "one column": lambda a: a[:1].T.copy() if a.ndim > 1 else a[0],
    "one vector": lambda a: a[0],
    "rows one by one": lambda a: a[:, None] if a.ndim > 1 else a,
    "pairs of columns": lambda a: list(a.reshape(*a.shape, 1)) if a.ndim > 1 else list(a),
    "pairs of vectors": lambda a: list(a),
}


@dataclass(frozen=True)
class Setting:
    """How the data of a trial are laid out: a key of LAYOUTS, "one-hot" or "numbers", and the widths to try first."""

    layout: str
    labels: str
    widths: tuple[int, int, int]

    @property
    def words(self) -> str:
        """For the one who reads the verdict."""
        return f"{self.layout}, labels as {self.labels.replace('numbers', 'class numbers')}"


class Data:
    """Random inputs and labels for one step after another, laid out as a setting says.

    n_in, n_hidden, n_out: the widths, of inputs, hidden units and outputs, as far as they are known by now.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.n_in, self.n_hidden, self.n_out = setting.widths
        self.random = np.random.default_rng(0)
        self.renew()

    def renew(self) -> None:
        """Another batch."""
        self._laid: dict[str, Any] = {}
        self.rows = next(m for m in ROWS if m not in (self.n_in, self.n_hidden, self.n_out))
        self._x = self.random.random((self.rows, self.n_in))
        self._numbers = self.random.permutation(np.arange(self.rows) % max(self.n_out, 2))
        self._one_hot = np.eye(self.n_out)[self._numbers] if self.n_out > 1 else self._numbers[:, None] * 1.0

    def of(self, role: str) -> Any:
        """The arrays of the role x, y or pairs, the same all through a step; MISSING where they lie otherwise."""
        if role not in self._laid:
            self._laid[role] = self._laid_out(role)
        return self._laid[role]

    def _laid_out(self, role: str) -> Any:
        """Recorded as those that a program makes itself."""
        in_pairs = self.setting.layout.startswith("pairs")
        if in_pairs != (role == "pairs"):
            return MISSING
        form = LAYOUTS[self.setting.layout]
        labels = self._numbers if self.setting.labels == "numbers" else self._one_hot
        if in_pairs:
            return [(session.leaf(x), session.leaf(y)) for x, y in zip(form(self._x), form(labels), strict=True)]
        if role == "y" and self.setting.labels == "one-hot in columns":
            return session.leaf(self._one_hot.T.copy())
        return session.leaf(form(self._x if role == "x" else labels))

    def note_widths(self, meant: list[str], value: Any) -> None:
        """What an example, or a default, says about the widths. meant: its roles."""
        for role in meant:
            if role in ("n_in", "n_out") and type(value) is int:
                setattr(self, role, value)
                return
            if role == "sizes" and isinstance(value, list | tuple) and all(isinstance(v, int) for v in value) and value:
                self.n_in, self.n_out = value[0], value[-1]
                return

    def read_widths(self, named: list[tuple[str, tuple[int, ...]]]) -> None:
        """What the matrices that were made say about them. named: the names and shapes."""
        shapes = [shape for name, shape in named if not name.startswith("b") and of_parameter(name) == name]
        down, up = _chain(shapes), _chain([shape[::-1] for shape in shapes])
        if max(len(down), len(up)) < len(shapes) and any(1 not in shape for shape in shapes):  # biases without a name
            shapes = [shape for shape in shapes if 1 not in shape]
            down, up = _chain(shapes), _chain([shape[::-1] for shape in shapes])
        if shapes and max(len(down), len(up)) == len(shapes):
            chain = max(down, up, key=lambda chain: (len(chain), chain[0][0] == self.n_in))  # an autoencoder's are both
            if len(shapes) > 1 or {chain[0][0], chain[-1][1]} != {self.n_in, self.n_out}:
                self.n_in, self.n_out = chain[0][0], chain[-1][1]


def _chain(shapes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The first ones that can be multiplied one after the other."""
    ends = [k for k in range(1, len(shapes)) if shapes[k - 1][1] != shapes[k][0]]
    return shapes[: ends[0]] if ends else shapes
