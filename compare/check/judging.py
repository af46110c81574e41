"""The verdict on one trial, line by line, and the conventions that it rests on."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from compare.check.chain import Convention, Step, chain, given
from compare.check.naming import Trial
from compare.parity.bounds import Rounding
from compare.parity.end_to_end import Strayed
from compare.parity.exact import FLOAT64, Arithmetic, longer_than, rounded
from compare.parity.line_check import LineVerdict, part_of, ulps, worst_entry
from compare.parity.lines import one_hot, shapes

ACTIVATIONS = ("relu", "sigmoid", "tanh")

#: For choosing a convention, where no verdict is given: how near is near, by the largest entry.
NEAR = {"float64": 1e-9, "float32": 1e-4}


@dataclass
class Judgement:
    """A trial, judged. values: each line as found, else as computed, with its possible error; expected: as computed.

    verdicts: of the lines that were found, in the order of the calculation.
    """

    trial: Trial
    convention: Convention
    steps: list[Step]
    values: dict[str, Strayed] = field(default_factory=dict)
    expected: dict[str, Strayed] = field(default_factory=dict)
    found: dict[str, np.ndarray] = field(default_factory=dict)
    verdicts: dict[str, LineVerdict] = field(default_factory=dict)

    @property
    def wrong(self) -> list[str]:
        """The lines outside their bound, first to last."""
        return [name for name, verdict in self.verdicts.items() if not verdict.holds]

    def step(self, name: str) -> Step:
        """The line of that name."""
        return next(step for step in self.steps if step.name == name)


def found_values(trial: Trial, convention: Convention) -> dict[str, np.ndarray]:
    """What was found, with the sign of the derivative, and the parameters after the step."""
    found = {
        name: -value if convention.sign < 0 and name[0] == "d" and name not in trial.slack else value
        for name, value in trial.found.items()
    }
    if trial.after is not None:
        found |= {f"{p} update": value for p, value in trial.after.items() if f"d{p}" not in trial.slack}
    return found


@np.errstate(all="ignore")  # a wrong network may overflow; that is judged
def judge(
    trial: Trial,
    convention: Convention,
    *,
    overrides: Mapping[str, np.ndarray] | None = None,
    until: str | None = None,
    arithmetic: Arithmetic | None = None,
) -> Judgement:
    """Every found line against its bound.

    overrides: values for lines that were not found, explained before; until: the last line to look at.
    """
    on = arithmetic or longer_than(trial.dtype)
    r = Rounding.of(trial.dtype, on)
    steps = chain(trial.depth, convention, trial.learning_rate)
    if until is not None:
        steps = steps[: [step.name for step in steps].index(until) + 1]
    result = Judgement(trial, convention, steps, found=found_values(trial, convention))
    y = one_hot(trial.labels, trial.parameters[f"b{trial.depth}"].size)
    result.values = {n: given(on, v) for n, v in {"x": trial.x, "y": y, **trial.parameters}.items()}
    expected_shapes = shapes(trial.parameters, len(trial.x))
    for step in steps:
        computed = step.stray(on, r, *(result.values[name] for name in step.inputs))
        result.expected[step.name] = result.values[step.name] = computed
        found = result.found.get(step.name)
        if found is None:
            if overrides and step.name in overrides:
                result.values[step.name] = Strayed(
                    on.number(overrides[step.name]), overrides[step.name], 2 * computed.error
                )
            continue
        wanted = trial.parameters[step.name[:-7]].shape if step.kind == "update" else expected_shapes[step.name]
        if found.shape != wanted:
            complaint = f"{step.name} has the shape {found.shape}, and {wanted} is expected"
            result.verdicts[step.name] = LineVerdict(step.name, np.inf, np.inf, np.inf, np.inf, None, complaint)
            continue
        slack = trial.slack.get(step.name, 0.0)
        result.verdicts[step.name] = _verdict(step.name, found, computed, slack, on, r)
        result.values[step.name] = Strayed(
            on.number(found), np.asarray(found, np.float64), slack + np.zeros(found.shape)
        )
    _forgive_consequences(result)
    return result


def _verdict(
    name: str, found: np.ndarray, computed: Strayed, slack: np.ndarray | float, on: Arithmetic, r: Rounding
) -> LineVerdict:
    error = np.asarray(rounded(abs(on.number(found) - computed.exact)))
    both = ~np.isfinite(np.asarray(found, np.float64)) & ~np.isfinite(computed.value)
    error = np.where(both, 0.0, error)  # an infinity above is not this line's doing
    bound = computed.error + slack
    used = float(part_of(error, bound).max())
    return LineVerdict(
        name,
        error=float(np.nan_to_num(error, nan=np.inf).max()),
        error_ulp=float(ulps(error, found, computed.value, r.u).max()),
        bound_used=used,
        probable_used=used,
        worst=worst_entry(found, computed.exact, error, bound),
    )


def _forgive_consequences(result: Judgement) -> None:
    """A loss is computed from the output; where that is wrong, the loss is no second mistake."""
    last = result.verdicts.get(f"a{result.trial.depth}")
    if last is not None and not last.holds:
        result.verdicts.pop("loss", None)


def choose_convention(trials: Iterable[Trial], activation: str | None = None) -> Convention:
    """The convention under which the fewest lines are wrong; of equals, the first.

    activation: taken as said, if it is. For this choice float64 and a rough nearness are good enough.
    """
    trials = list(trials)

    def count(convention: Convention) -> int:
        return sum(strangers(trial, convention) for trial in trials)

    if activation is None:
        activation = min(ACTIVATIONS, key=lambda kind: count(Convention(kind)))
    # Only an update that was seen beside its dW can take the mean, and only one that was seen at all can add.
    signs = (1, -1) if any(trial.after is not None for trial in trials) else (1,)
    seen = any(trial.after is not None and f"dW{k}" in trial.found and f"dW{k}" not in trial.slack
               for trial in trials for k in range(1, trial.depth + 1))  # fmt: skip
    means = itertools.product(("dz", "dW", "update") if seen else ("dz", "dW"), signs)
    return min((Convention(activation, *mean) for mean in means), key=count)


@np.errstate(all="ignore")
def strangers(trial: Trial, convention: Convention) -> int:
    """How many found lines are not near what they should be."""
    values = {"x": trial.x, "y": one_hot(trial.labels, trial.parameters[f"b{trial.depth}"].size), **trial.parameters}
    values = {name: np.asarray(value, np.float64) for name, value in values.items()}
    found, count = found_values(trial, convention), 0
    for step in chain(trial.depth, convention, trial.learning_rate):
        expected = step.value(FLOAT64, *(values[name] for name in step.inputs))
        value = found.get(step.name)
        if value is not None and value.shape == expected.shape:
            distance = np.nan_to_num(abs(value - expected), nan=np.inf).max()
            count += bool(distance > NEAR[str(trial.dtype)] * max(abs(expected).max(), 1e-30))
            values[step.name] = value.astype(np.float64)
        else:
            count += value is not None
            values[step.name] = expected
    return count
