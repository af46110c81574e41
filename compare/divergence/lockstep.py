"""Several trainings in lock-step: how far each pair is apart after every step, and what made the distance jump.

A flip is a hidden unit whose ReLU is on in one training and off in the other, for the same image in the same step:
their pre-activations, each from its own weights, lie on both sides of 0. One lets the gradient da that arrives at the
unit through and the other stops it. Where da is exactly 0 nothing is let through or stopped, so that is no flip.

A jump is a step after which the difference (the largest of any weight) is at least GROWTH times what it was, and
which has added more than a step's rounding can. Storing a weight W rounds it by at most u |W|, u the unit roundoff
(Higham, Accuracy and Stability of Numerical Algorithms, 2.2); and the gradient that moves it, a sum over the batch of
products a dz, comes with an error that goes with u sum(|a| |dz|), times the learning rate. Two trainings do so, which
makes 2 u of each, and ROUNDINGS allows twice that. Both conditions are needed: the first few differences double by
rounding alone, and a large difference takes in a small flip without a trace.

Without a flip, one thing more can double it: a step so large that it magnifies the difference that is there already.
Then the step, repeated by hand from the same weights, makes at least half of it again, or all of it but what rounding
can add; that is growth and no jump.

Until the first jump, the difference must stay within its allowance: what rounding may add in a step, for every step
so far, magnified in those that magnify.

What makes the difference jump is the first jump, if it is at a flip: later ones have its consequences in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, pairwise

import numpy as np

from compare.divergence.replay import replay
from compare.shared.differences import largest_difference
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import Digits, TrainingStopped, endless_batches, network, steps_per_epoch
from compare.worlds import MANUAL, build, world

GROWTH = 2.0
ROUNDINGS = 4.0

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Flip:
    """A ReLU that is on in one and off in the other. layer: from 1; unit and image (in the training set): from 0."""

    layer: int
    unit: int
    image: int
    preactivations: tuple[float, float]  # of the pair, in its order
    upstream: float  # da: the derivative of the mean loss with respect to the unit's output


@dataclass(frozen=True)
class Jump:
    """The first jump. flips: those of its step, the largest |da| first; empty where nothing explains it.

    before, after: the difference. as_it_was, in_agreement: the difference after the same step, repeated by hand from
    the same weights, with each training's own ReLUs and with those of the first for both.
    """

    step: int
    flips: list[Flip]
    before: float
    after: float
    as_it_was: float
    in_agreement: float
    proven: bool  # repeated as it was, the step makes as large a jump (half, or all but rounding); in agreement, none

    @property
    def explained(self) -> bool:
        """Whether flips made it: there are some, and without them there is no jump."""
        return bool(self.flips) and self.proven


@dataclass
class Growth:
    """How far two trainings are apart. difference_by_step: after each step, the largest of any weight."""

    pair: tuple[str, str]
    difference_by_step: list[float] = field(default_factory=list)
    flip_steps: list[int] = field(default_factory=list)  # the steps, from 1, that have a flip
    first_jump: Jump | None = None
    allowance: float = 0.0  # what rounding may have added up to, until the first jump
    rounding_used: float = 0.0  # the largest difference / allowance until then
    untold: tuple[str, ...] = ()  # those of the pair that have no trace: their lines are those by hand at their weights

    @property
    def name(self) -> str:
        """Like "manual/torch_ref"."""
        return "/".join(self.pair)

    @property
    def quiet(self) -> list[float]:
        """The differences before the first jump."""
        return self.difference_by_step[: self.first_jump.step - 1 if self.first_jump else None]

    @property
    def typical_growth(self) -> float | None:
        """The median factor of a step before the first jump; None where there is nothing to divide by."""
        factors = [b / a for a, b in pairwise(self.quiet) if a > 0]
        return float(np.median(factors)) if factors else None

    @property
    def holds(self) -> bool:
        """Whether rounding explains the difference until the first jump, and a flip explains that jump.

        Of a world without a trace, rounding alone may have made a flip that nobody can see: a jump is left open then.
        """
        return self.rounding_used <= 1 and (self.first_jump is None or self.first_jump.explained or bool(self.untold))


@dataclass(frozen=True)
class StepTaken:
    """One step of one training: its weights before and after, and every line of the calculation in between."""

    before: Arrays
    trace: Arrays
    after: Arrays


def lockstep(growths: Sequence[Growth], settings: Settings, digits: Digits, steps: int, advance: Advance) -> None:
    """Train every implementation that a pair names, all on the same batches, and fill the growths step by step.

    Whatever ends the trainings early, the steps before it are kept. Raises TrainingStopped at a loss that is not
    finite.
    """
    nets = {name: network(name, settings, digits) for name in dict.fromkeys(n for g in growths for n in g.pair)}
    weights = {name: net.parameters() for name, net in nets.items()}
    rows, an_epoch = np.arange(len(digits.train_x)), steps_per_epoch(settings, len(digits.train_x))
    with np.errstate(over="ignore", invalid="ignore"):  # overflow is looked for here, and reported better
        for step, batch in enumerate(islice(endless_batches(settings, len(rows)), steps), start=1):
            x, labels = digits.batch(batch)
            taken = {}
            for name, net in nets.items():
                told = net if world(name).has_trace else build(MANUAL, weights[name], settings.activation)
                trace = told.trace(x, labels)
                if not np.isfinite(trace["loss"]):
                    line = next(line for line, value in trace.items() if not np.isfinite(value).all())
                    raise TrainingStopped(name, step, 1 + (step - 1) // an_epoch, line)
                net.step(x, labels, settings.learning_rate)
                taken[name] = StepTaken(weights[name], trace, net.parameters())
                weights[name] = taken[name].after
            for growth in growths:
                a, b = (taken[name] for name in growth.pair)
                flips = find_flips(a.trace, b.trace, rows[batch]) if settings.activation == "relu" else []
                record(growth, a, b, flips, x, labels, settings)
            advance()


def find_flips(a: Arrays, b: Arrays, images: np.ndarray) -> list[Flip]:
    """The flips between the traces of two ReLU networks on one batch, the largest |da| first.

    images (m,): where each row of the batch stands in the training set.
    """
    flips = []
    for layer in range(1, sum(name.startswith("da") for name in a) + 1):
        z, da = (a[f"z{layer}"], b[f"z{layer}"]), np.maximum(abs(a[f"da{layer}"]), abs(b[f"da{layer}"]))
        for row, unit in np.argwhere(((z[0] > 0) != (z[1] > 0)) & (da > 0)):
            at = int(row), int(unit)
            flips.append(Flip(layer, at[1], int(images[row]), (float(z[0][at]), float(z[1][at])), float(da[at])))
    return sorted(flips, key=lambda flip: -flip.upstream)


def record(
    growth: Growth, a: StepTaken, b: StepTaken, flips: list[Flip], x: np.ndarray, labels: np.ndarray, settings: Settings
) -> None:
    """Enter one step of the pair. x (m, fan_in), labels (m,): the batch."""
    before, after = largest_difference(a.before, b.before), largest_difference(a.after, b.after)
    growth.difference_by_step.append(after)
    step = len(growth.difference_by_step)
    if flips:
        growth.flip_steps.append(step)
    if growth.first_jump:
        return
    rounding = max(rounding_of_a_step(taken, x, settings.learning_rate) for taken in (a, b))
    if added(a.before, b.before, a.after, b.after) > rounding:
        # What differs between the two calculations of `agreed` is the weights alone; in `own`, the flips as well.
        given = x, labels, settings.learning_rate, settings.activation
        in_a = replay(a.before, a.trace, *given)
        own = largest_difference(in_a, replay(b.before, b.trace, *given))
        agreed_b = replay(b.before, a.trace, *given)
        agreed = largest_difference(in_a, agreed_b)
        again = after <= 2 * own or after - own <= rounding
        cured = not is_jump(a.before, b.before, in_a, agreed_b, rounding)
        if is_jump(a.before, b.before, a.after, b.after, rounding) and (flips or not again):
            growth.first_jump = Jump(step, flips, before, after, own, agreed, again and cured)
            return
        growth.allowance *= max(1, agreed / before) if before else 1  # earlier roundings are magnified with it
    growth.allowance += rounding
    used = after / growth.allowance
    growth.rounding_used = max(growth.rounding_used, used if np.isfinite(used) else np.inf)


def rounding_of_a_step(taken: StepTaken, x: np.ndarray, learning_rate: float) -> float:
    """The most that rounding is allowed to add to the difference in a step: ROUNDINGS u (max|W| + rate sum(|a| |dz|)).

    Of that sum, which each weight has its own of, the largest in a layer is at most max|a| times the largest column
    sum of |dz|.
    """
    u = float(np.finfo(x.dtype).eps) / 2
    inputs = {1: x, **{int(name[1:]) + 1: value for name, value in taken.trace.items() if name[0] == "a"}}
    products = max(
        float(abs(a).max(initial=0.0)) * float(abs(taken.trace[f"dz{k}"]).sum(axis=0).max(initial=0.0))
        for k, a in inputs.items()
    )
    return ROUNDINGS * u * (max(float(abs(W).max()) for W in taken.after.values()) + learning_rate * products)


def is_jump(a: Arrays, b: Arrays, a_after: Arrays, b_after: Arrays, rounding: float) -> bool:
    """Whether the step that took the weights of a pair from a, b to a_after, b_after was a jump."""
    grown = largest_difference(a_after, b_after) >= GROWTH * largest_difference(a, b)
    return grown and added(a, b, a_after, b_after) > rounding


def added(a: Arrays, b: Arrays, a_after: Arrays, b_after: Arrays) -> float:
    """The most that a step has changed the difference of a weight."""
    return max(float(abs((a_after[name] - b_after[name]) - (a[name] - b[name])).max()) for name in a)


def pairs_of(names: Sequence[str]) -> list[Growth]:
    """Every pair of the implementations named, in their order."""
    pairs = combinations(names, 2)
    return [Growth(pair, untold=tuple(name for name in pair if not world(name).has_trace)) for pair in pairs]
