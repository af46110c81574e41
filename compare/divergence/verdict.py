"""What became of the trainings in lock-step, in words."""

from collections.abc import Sequence

import numpy as np

from compare.divergence.lockstep import Growth
from compare.shared.account import Account
from compare.shared.settings import Settings
from compare.worlds import world


def main_pair(growths: Sequence[Growth]) -> Growth:
    """The first pair whose difference jumps; where none does, the first."""
    return next((growth for growth in growths if growth.first_jump), growths[0])


def judge_all(growths: Sequence[Growth], settings: Settings, labels: np.ndarray) -> Account:
    """What became of every pair. The verdict is of the first that does not hold, else of the main pair.

    Of a pair that went as an earlier one did, to the bit, the reasons say only that.
    """
    first = next((growth for growth in growths if not growth.holds), main_pair(growths))
    verdict, reasons = judge(first, settings, labels)
    told = [first]
    for growth in growths:
        differences = growth.difference_by_step
        if growth is first:
            continue
        if any(differences) and differences in [earlier.difference_by_step for earlier in told]:
            a, b = growth.pair
            reasons.append(f"T{_both(a, b)[1:]} differ by just as much at every step.")
        else:
            own, why = judge(growth, settings, labels)
            reasons.append(" ".join([own, *why]))
        told.append(growth)
    untold = dict.fromkeys(name for growth in growths for name in growth.untold)
    for name in untold:
        reasons.append(
            f"{world(name).title} has no trace: the lines that are looked at are those by hand at its weights, so that "
            f"a ReLU that its own rounding switches stays unseen."
        )
    return Account(verdict, reasons)


def judge(growth: Growth, settings: Settings, labels: np.ndarray) -> Account:
    """What became of the pair, in words."""
    a, b = growth.pair
    jump, steps, last = growth.first_jump, len(growth.difference_by_step), growth.difference_by_step[-1]
    quiet = max(growth.quiet, default=0.0)
    if not any(growth.difference_by_step):
        return Account(f"For {steps:,} steps in {settings.dtype}, {_both(a, b)} are bit-identical.", [])
    if growth.rounding_used > 1:
        return Account(
            f"It does not hold. In {settings.dtype}, {_both(a, b)} come to differ by {quiet:.1e}, "
            f"{growth.rounding_used:.1f} times what rounding can add up to, and without a jump.",
            [],
        )
    near = f"in {settings.dtype}, {_both(a, b)} stay within {quiet:.1e} of each other"
    rounding = f"That is rounding: at most {growth.rounding_used:.0%} of what it may add up to."
    if jump is None:
        return Account(f"For {steps:,} steps {near}.", [rounding, _why_no_event(growth, settings)])
    calm = f"For {jump.step - 1:,} steps {near}" if jump.step > 1 else f"They start alike, in {settings.dtype}"
    earlier = sum(step < jump.step for step in growth.flip_steps)
    before = [rounding] if jump.step > 1 else []
    if earlier:
        before.append(f"In {earlier:,} of these steps a ReLU is on in one and off in the other, without a jump.")
    leap = f"at step {jump.step:,} the difference goes from {jump.before:.1e} to {jump.after:.1e}"
    if jump.before and growth.typical_growth:
        before.append(
            f"At step {jump.step:,} the difference grows {jump.after / jump.before:.3g}-fold; a typical step before it "
            f"multiplied it by {growth.typical_growth:.2f}."
        )
    before = [" ".join(before)] if before else []
    if not jump.flips and growth.untold:
        return Account(f"{calm}; {leap}. Which ReLU made it cannot be told.", before)
    if not jump.flips:
        return Account(
            f"It does not hold. {calm}; {leap}, and no unit is on in one and off in the other, so something else must "
            f"have made it; perhaps the steps are too large.",
            before,
        )
    flip = jump.flips[0]
    states = ["on" if z > 0 else "off" for z in flip.preactivations]
    where = (
        f"In layer {flip.layer}, unit {flip.unit}, for training image {flip.image:,} (a {labels[flip.image]}), the "
        f"pre-activation is {flip.preactivations[0]:+.1e} {world(a).where} and {flip.preactivations[1]:+.1e} "
        f"{world(b).where}: the ReLU is {states[0]} in the one and {states[1]} in the other, so this image's gradient "
        f"reaches the unit's weights in one of them only."
    )
    if len(jump.flips) > 1:
        where += f" {len(jump.flips) - 1} more in that step, with smaller gradients, did the same."
    those = "that ReLU" if len(jump.flips) == 1 else "those ReLUs"
    proof = (
        f"{'The proof' if jump.proven else 'But it does not hold'}: the step, repeated by hand from the same weights, "
        f"makes {jump.as_it_was:.1e} as it was, and {jump.in_agreement:.1e} with {those} forced to agree."
    )
    later = sum(step > jump.step for step in growth.flip_steps)
    after = (
        f"Of the {steps - jump.step:,} steps after it, {later:,} have a ReLU that disagrees, and after {steps:,} steps "
        f"they differ by {last:.1e}. Neither is wrong: where a pre-activation is that near to 0, rounding decides."
    )
    if not jump.proven:
        return Account(
            f"It does not hold. {calm}; {leap}, where a ReLU is on in one and off in the other, but that alone does "
            f"not explain it.",
            [*before, where, proof, after],
        )
    return Account(
        f"{calm}. Then {leap}: rounding has put a ReLU on in the one and off in the other.",
        [*before, where, proof, after],
    )


def _both(a: str, b: str) -> str:
    return f"the networks {world(a).where} and {world(b).where}"


def _why_no_event(growth: Growth, settings: Settings) -> str:
    if settings.activation != "relu":
        return f"There is no event to find: a {settings.activation} has no kink, so no unit is simply on or off."
    if growth.flip_steps:
        return (
            f"A ReLU was on in one and off in the other in {len(growth.flip_steps):,} of them, but with gradients too "
            f"small to make the difference jump."
        )
    return "No ReLU was on in one and off in the other."
