"""The running error bound: how far a gradient, computed anyhow, may be from the exact one, without a look inside.

Beside each exact array of the calculation goes an array of how far a correct run may have strayed from it: what it
inherited from the lines before, through that line's own derivative, and what the line itself rounds (Higham, ch. 3.3,
running error analysis). Where a ReLU's input is closer to zero than its error, the run may have taken either side, and
the whole of da is in doubt there.

In float64 this is a verdict. In float32 it is true as well, but so wide (often as wide as the gradient itself) that
hardly a fault is outside it: rely on the line check there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from compare.parity.bounds import Rounding, ScoresBound
from compare.parity.exact import Arithmetic, Number, longer_than, rounded
from compare.parity.line_check import Entry, largest, part_of, worst_entry
from compare.parity.lines import ACTIVATIONS, AFFINE, BACK, LOSS, biases_rule, one_hot, scores_rule, weights_rule


@dataclass(frozen=True)
class Strayed:
    """A line of the calculation: its exact value, the same rounded to float64, and how far a run may be from it."""

    exact: Number
    value: np.ndarray
    error: np.ndarray

    @property
    def reach(self) -> np.ndarray:
        """The largest magnitude that a run can have here."""
        return np.asarray(abs(self.value) + self.error)


@np.errstate(over="ignore", invalid="ignore")  # in float32 a bound may overflow: it is then infinite
def running_error(
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    activation: str = "relu",
    *,
    dtype: np.dtype | None = None,
    arithmetic: Arithmetic | None = None,
) -> dict[str, Strayed]:
    """The exact loss and gradients and how far a run in `dtype` may be from them: "loss", "W1", "b1", "W2", ...

    parameters: W1 (fan_in, fan_out), b1 (fan_out,), ...; x: (m, fan_in); labels: (m,) class numbers; activation: relu,
    sigmoid or tanh; dtype: float32 or float64, by default that of the parameters; arithmetic: in place of the
    one that `exact.longer_than` picks. Raises TypeError for another dtype.
    """
    dtype = dtype or parameters["W1"].dtype
    on = arithmetic or longer_than(dtype)
    r = Rounding.of(dtype, on)
    depth, m = len(parameters) // 2, len(x)
    W = {k: _given(on, parameters[f"W{k}"]) for k in range(1, depth + 1)}
    b = {k: _given(on, parameters[f"b{k}"]) for k in range(1, depth + 1)}
    y = one_hot(labels, b[depth].value.size)
    forward, back = ACTIVATIONS[activation]

    z: dict[int, Strayed] = {}
    a = {0: _given(on, x)}
    for k in range(1, depth + 1):
        z[k] = _strayed(
            AFFINE.exact(on, a[k - 1].exact, W[k].exact, b[k].exact),
            a[k - 1].error @ abs(W[k].value) + AFFINE.bound(r, a[k - 1].reach, W[k].value, b[k].value),
        )
        if k < depth:
            exact = forward.exact(on, z[k].exact)
            inherited = LIPSCHITZ[activation] * z[k].error
            if activation == "relu":  # a unit that is surely off passes no error on
                inherited = np.where(z[k].value < -z[k].error, 0.0, inherited)
            # the forward bounds grow with |a|, so they are taken where the run can be furthest out
            own = np.maximum(forward.bound(r, z[k].value - z[k].error), forward.bound(r, z[k].value + z[k].error))
            a[k] = _strayed(exact, inherited + own)

    scores = ScoresBound.of(r, z[depth].value, z[depth].error)
    found = {"loss": _strayed(LOSS.exact(on, z[depth].exact, on.number(y)), scores.loss(r, y))}
    dz = _strayed(scores_rule(divide=True).exact(on, z[depth].exact, on.number(y)), scores.gradient(r, y, m))
    dW, db = weights_rule(divide=False), biases_rule(divide=False)
    for k in range(depth, 0, -1):
        before = a[k - 1]
        found[f"W{k}"] = _strayed(
            dW.exact(on, before.exact, dz.exact),
            before.reach.T @ dz.error + before.error.T @ abs(dz.value) + dW.bound(r, before.reach, dz.reach),
        )
        found[f"b{k}"] = _strayed(db.exact(on, dz.exact), dz.error.sum(axis=0) + db.bound(r, dz.reach))
        if k > 1:
            da = _strayed(
                BACK.exact(on, dz.exact, W[k].exact),
                dz.error @ abs(W[k].value).T + BACK.bound(r, dz.reach, W[k].value),
            )
            dz = _strayed(back.exact(on, da.exact, before.exact), THROUGH[activation](r, da, before, z[k - 1]))
    return found


def _given(on: Arithmetic, array: np.ndarray) -> Strayed:
    return Strayed(on.number(array), np.asarray(array, dtype=np.float64), np.zeros(array.shape))


def _strayed(exact: Number, error: np.ndarray) -> Strayed:
    # 0 times an infinite bound is not a number; nothing is known there, so the bound is infinite
    return Strayed(exact, rounded(exact), np.where(np.isnan(error), np.inf, error))


#: |f(z) - f(z')| is at most this times |z - z'|.
LIPSCHITZ = {"relu": 1.0, "sigmoid": 0.25, "tanh": 1.0}


def _through_relu(r: Rounding, da: Strayed, a: Strayed, z: Strayed) -> np.ndarray:
    """dz = da where z > 0, else 0; where the sign of z is in doubt, so is all of da."""
    del r, a  # nothing is rounded, and z decides
    undecided = abs(z.value) <= z.error
    undecided &= z.error > 0  # a z that no error can touch has its sign, or is zero and off, for certain
    return np.where(undecided, da.reach, np.where(z.value > 0, da.error, 0.0))


def _through_smooth(r: Rounding, da: Strayed, a: Strayed, z: Strayed, *, square: bool) -> np.ndarray:
    """dz = da f', f' = a (1 - a) for sigmoid, 1 - a^2 for tanh: |f'(a + e) - f'(a)| <= slope |e| + e^2."""
    del z
    slope, derivative = (
        (2 * abs(a.value), 1 - a.value**2) if square else (abs(1 - 2 * a.value), a.value * (1 - a.value))
    )
    change = slope * a.error + a.error**2
    # 3 roundings, relative to f' for sigmoid and to 1 for tanh (see lines.py)
    own = r.g(3) * da.reach * (1.0 if square else abs(derivative) + change) + 3 * r.tiny
    return np.asarray(abs(derivative) * da.error + da.reach * change + own)


THROUGH: dict[str, Callable[[Rounding, Strayed, Strayed, Strayed], np.ndarray]] = {
    "relu": _through_relu,
    "sigmoid": partial(_through_smooth, square=False),
    "tanh": partial(_through_smooth, square=True),
}


@dataclass(frozen=True)
class GradientVerdict:
    """One gradient, judged end to end.

    error: the largest |found - exact|; bound_used: the largest error / bound; relative_bound: the largest bound by
    the largest exact entry: how much it can tell; worst: the entry with the largest part of its bound used.
    """

    parameter: str
    error: float
    bound_used: float
    relative_bound: float
    worst: Entry

    @property
    def holds(self) -> bool:
        """Whether every entry is within its bound; one that is not a number is outside."""
        return self.bound_used <= 1


def check_gradients(gradients: Mapping[str, np.ndarray], allowed: Mapping[str, Strayed]) -> tuple[GradientVerdict, ...]:
    """Judge gradients by parameter name, in the order given, by what `running_error` allows.

    Raises ValueError where a gradient has another shape than its parameter.
    """
    verdicts = []
    for name, found in gradients.items():
        exact, bound = allowed[name].exact, allowed[name].error
        if found.shape != bound.shape:
            raise ValueError(f"The gradient of {name} has the shape {found.shape}; {name} has {bound.shape}.")
        with np.errstate(all="ignore"):
            error = abs(rounded(np.asarray(found, dtype=np.float64) - exact))
            used = part_of(error, bound)
        size = abs(allowed[name].value).max()
        verdicts.append(
            GradientVerdict(
                name,
                error=largest(error),
                bound_used=float(used.max()),
                relative_bound=float(bound.max() / size) if size > 0 else 0.0 if not bound.any() else np.inf,
                worst=worst_entry(found, exact, error, bound),
            )
        )
    return tuple(verdicts)
