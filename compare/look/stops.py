"""Of each line: what it does, in a sentence, and out of which arrays by which rule, so that its sums can be shown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from compare.judge.network import line_names

#: A line's name without its number -> its rule. The rules are those of `look_why.js`, where each is a sum.
RULES = {
    "z": "layer", "a": "activation", "loss": "loss",
    "dz": "slope", "da": "back", "dW": "outer", "db": "rows",
}  # fmt: skip


@dataclass(frozen=True)
class Stop:
    """A line. made_of: the arrays that it is computed from, in the order of its rule."""

    line: str
    says: str
    rule: str
    made_of: tuple[str, ...]

    @property
    def is_forward(self) -> bool:
        """Whether it is a line of the forward pass."""
        return not self.line.startswith("d")

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return asdict(self)


def stops(depth: int, shapes: Mapping[str, tuple[int, ...]], activation: str) -> list[Stop]:
    """All lines of a network of that many layers, in the order in which they are computed.

    shapes: of each array by its name, for what the sentences count.
    """
    return [_stop(line, depth, shapes, activation) for line in line_names(depth)]


def _stop(line: str, depth: int, shapes: Mapping[str, tuple[int, ...]], activation: str) -> Stop:
    letters, k = line.rstrip("0123456789"), int("".join(filter(str.isdigit, line)) or depth)
    before = f"a{k - 1}" if k > 1 else "x"
    last = k == depth
    rows = shapes["x"][0]
    units = shapes[f"b{k}"][0]
    if letters == "z":
        fed = f"the {shapes['x'][1]} pixels" if k == 1 else f"the outputs of the {shapes[f'W{k}'][0]} units before it"
        who = f"Each of the {units} scores, one for a digit," if last else f"Each of the {units} units"
        says = f"{who} sums {fed}, each times its own weight, and adds a bias."
        return Stop(line, says, RULES[letters], (before, f"W{k}", f"b{k}"))
    if letters == "a":
        says = (
            "ReLU lets through what is above zero and switches the other units off: they are dark."
            if activation == "relu"
            else "The sigmoid presses each sum into the range from 0 to 1."
        )
        return Stop(line, says, RULES[letters], (f"z{k}",))
    if letters == "loss":
        mean = "" if rows == 1 else f", on average over the {rows} images"
        says = (
            "Softmax turns the scores into probabilities, a3; the loss is minus the logarithm of the label's "
            f"probability{mean}."
        )
        return Stop(line, says, RULES[letters], (f"z{k}", f"a{k}"))
    if letters == "dz" and last:
        mean = "" if rows == 1 else f", divided by {rows} because the loss is a mean"
        says = (
            f"Here the way back begins: the probabilities, less 1 at the label{mean}. It is positive where "
            "a probability is too large, and negative at the label, where it is too small."
        )
        return Stop(line, says, "softmax", (f"a{k}",))
    if letters == "dz":
        says = (
            "The ReLU passes the gradient on where its unit was on, and stops it where the unit was off."
            if activation == "relu"
            else "Times the slope of the sigmoid, a (1 - a): little where a unit is near 0 or 1."
        )
        return Stop(line, says, RULES[letters], (f"da{k}", f"a{k}"))
    if letters == "da":
        says = f"The gradient goes back through the same weights as the values came: W{k + 1}, transposed."
        return Stop(line, says, RULES[letters], (f"dz{k + 1}", f"W{k + 1}"))
    if letters == "dW":
        over = "" if rows == 1 else f", added up over the {rows} images"
        says = f"A weight's gradient is its input, times the gradient of the sum that it is part of{over}."
        return Stop(line, says, RULES[letters], (before, f"dz{k}"))
    says = (
        "A bias is added as it is, so its gradient is that of the sum"
        f"{'' if rows == 1 else f', added up over the {rows} images'}."
    )
    return Stop(line, says, RULES[letters], (f"dz{k}",))
