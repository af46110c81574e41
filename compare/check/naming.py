"""From what was recorded to the lines of the calculation: z1 a1 ... dz3 dW3 db3, in one layout, rows by columns.

Names tell which line an array is: self.z1, Z1 and cache['Z1'] are all z1, delta2 and dL_dz2 are dz2. An array without
a number, as in a loop over the layers, is the next line of its kind that its shape fits.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.apart import Answer
from compare.check.binding import plain_name
from compare.check.making import parameter_name
from compare.check.source import Sources
from compare.check.subjects import BACKWARD, FORWARD
from compare.parity.lines import shapes

KINDS = {
    "dz": r"(?:dl|dj|de|dc|dloss|grad|g)?dz|dz|gradz|gz|delta|deltas|d|error|err|doutput|dout|dscores|dlogits",
    "da": r"(?:dl|dj|de|dc)?da|da|dh|dhidden|grada|ga",
    "dW": r"(?:dl|dj|de|dc)?dw|gradw|gw|dweights?|wgrad|weightgrad",
    "db": r"(?:dl|dj|de|dc)?db|gradb|gb|dbias(?:es)?|bgrad|biasgrad",
    "z": r"z|zs|net|pre|preact|preactivation|logits|scores",
    "a": r"a|h|act|activation|hidden|outputs?|out|yhat|ypred|probs|probabilities|preds?|predictions?",
    "loss": r"loss|cost",
}


@dataclass(frozen=True)
class Place:
    """Where a line got its value. spelled: as the source calls it; value: in our layout."""

    spelled: str
    file: str
    line: int
    function: str
    value: np.ndarray


@dataclass
class Trial:
    """One run, in our layout: rows of x are images, W is (fan_in, fan_out), b is (fan_out,).

    found: the lines that were seen; slack: what a gradient recovered from the change of its weights may have lost to
    rounding, elementwise; places: every assignment of a line, in order; after: the parameters after the run's step.
    """

    name: str
    parameters: dict[str, np.ndarray]
    x: np.ndarray
    labels: np.ndarray
    learning_rate: float
    columns: bool
    out_in: bool
    labels_as: str
    after: dict[str, np.ndarray] | None
    crash: dict[str, Any] | None
    found: dict[str, np.ndarray] = field(default_factory=dict)
    slack: dict[str, np.ndarray] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.parameters) // 2

    @property
    def dtype(self) -> np.dtype:
        """Of the parameters that the run was given."""
        return self.parameters["W1"].dtype


def read_trial(run: Mapping[str, Any], answer: Answer, sources: Sources) -> Trial:
    """A run as the child wrote it, in our layout and under our names."""
    arrays = answer.arrays
    trial = Trial(
        run["trial"],
        {name: arrays[key] for name, key in run["parameters"].items()},
        arrays[run["x"]],
        arrays[run["labels"]],
        run["learning_rate"],
        run["columns"],
        run["out_in"],
        run["labels_as"],
        None,
        run["crash"],
    )
    expected = shapes(trial.parameters, len(trial.x))
    if run["after"] is not None and run["crash"] is None:
        trial.after = {n: _straight(f"d{n}", arrays[key], trial, expected) for n, key in run["after"].items()}
        if any(trial.after[n].shape != trial.parameters[n].shape for n in trial.after):
            trial.after = None
    backward_began = False
    for event in run["events"]:
        place = Place(event["spelled"], event["file"], event["line"], event["function"], arrays[event["value"]])
        name = _line_of(place, trial, expected)
        if name is None:
            continue
        backward_began |= name[0] == "d" or name.endswith("update")
        if backward_began and name[0] in "za" and name in trial.found:
            continue  # computed once more after the step: not what the backward pass used
        _keep(name, place, trial, expected)
    _inner_products(trial, sources)
    _output_or_scores(trial)
    _recover(trial)
    return trial


def _line_of(place: Place, trial: Trial, expected: Mapping[str, tuple[int, ...]]) -> str | None:
    returned = place.function.endswith(" returned")
    parameter = parameter_name(place.spelled)
    if parameter is not None:
        return f"d{parameter}" if returned else f"{parameter} update"
    found = re.fullmatch(r"([a-z]+)(\d*)", plain_name(place.spelled))
    if found is None:
        return None
    kind = next((kind for kind, names in KINDS.items() if re.fullmatch(names, found[1])), None)
    last = trial.depth
    if kind is None or kind == "loss":
        return kind
    if found[2]:
        return f"{kind}{found[2]}" if 1 <= int(found[2]) <= last else None
    if found[1] in ("logits", "scores", "dlogits", "dscores", "dout", "doutput") or (
        kind == "a" and found[1] not in ("a", "h", "act", "activation", "hidden")
    ):
        return f"{kind}{last}"
    driven = returned or re.fullmatch(f"{FORWARD}|{BACKWARD}|gradients", place.function, re.IGNORECASE)
    order = range(1, last + 1) if kind in "za" else range(last, 0, -1)
    if not driven:
        return None
    for k in order:
        name = f"{kind}{k}"
        fits = name in expected and _straight(name, place.value, trial, expected).shape == expected[name]
        if fits and (name not in trial.found or k == order[-1]):
            return name
    return None


def _straight(name: str, value: np.ndarray, trial: Trial, expected: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """The array in our layout; one that has the wrong shape in any layout stays as it is."""
    kind, wanted = name[:2] if name[0] == "d" else name[0], expected.get(name)
    if name == "loss":
        return value.reshape(()) if value.size == 1 else value
    if name[:2] == "dW" and wanted is None:
        wanted = trial.parameters[name[1:]].shape
    if kind == "db":
        n = trial.parameters[name[1:]].size
        return value.reshape(-1) if value.size == n else value
    if value.ndim == 2 and (trial.out_in if kind == "dW" else trial.columns):
        value = value.T
    return value


def _keep(name: str, place: Place, trial: Trial, expected: Mapping[str, tuple[int, ...]]) -> None:
    if name.endswith("update"):
        trial.places.setdefault(name, []).append(place)
        return
    value = _straight(name, place.value, trial, expected)
    before = trial.found.get(name)
    if before is not None and before.shape == value.shape and np.array_equal(before, value, equal_nan=True):
        return  # the same again under another name, such as what forward returns
    trial.found[name] = value
    trial.places.setdefault(name, []).append(Place(place.spelled, place.file, place.line, place.function, value))


def _inner_products(trial: Trial, sources: Sources) -> None:
    """`dz2 = dz3 @ W3.T`, then `dz2 = dz2 * (z2 > 0)`: the first of the two is da2."""
    for k in range(1, trial.depth):
        places = trial.places.get(f"dz{k}", [])
        if f"da{k}" not in trial.found and len(places) > 1 and sources.has_product(places[0].file, places[0].line):
            trial.found[f"da{k}"] = places[0].value
            trial.places[f"da{k}"] = places[:1]
            trial.places[f"dz{k}"] = places[1:]


def _output_or_scores(trial: Trial) -> None:
    """A forward pass may return scores, and leave the softmax to others: they are z of the last layer."""
    a, z = f"a{trial.depth}", f"z{trial.depth}"
    if a not in trial.found or trial.found[a].ndim != 2:
        return
    output = trial.found[a]
    if np.array_equal(output, trial.found[z]) if z in trial.found else (output < 0).any():
        value, places = trial.found.pop(a), trial.places.pop(a)
        if z not in trial.found:
            trial.found[z], trial.places[z] = value, places


def _recover(trial: Trial) -> None:
    """Gradients that nobody showed, from the change of the weights: (before - after) / learning rate.

    The learner's subtraction has rounded by at most u |after|, and the product with a power of two by nothing; both
    are divided by the learning rate. (Twice that here, for a mean taken at the update.) The difference is taken in
    long double, or, where that is no longer, errs by another u |before - after|, which the factor covers.
    """
    if trial.after is None:
        return
    for name, before in trial.parameters.items():
        if f"d{name}" in trial.found:
            continue
        change = np.asarray(before, np.longdouble) - np.asarray(trial.after[name], np.longdouble)
        u = float(np.finfo(trial.dtype).eps) / 2
        trial.found[f"d{name}"] = (change / trial.learning_rate).astype(trial.dtype)
        trial.slack[f"d{name}"] = 2 * u * np.maximum(abs(before), abs(trial.after[name])).astype(
            np.float64
        ) / trial.learning_rate + 4 * u * abs(trial.found[f"d{name}"].astype(np.float64))
