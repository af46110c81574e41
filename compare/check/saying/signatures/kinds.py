"""Mistakes that were recognised where they were found: what they are called, and the line that shows them."""

import numpy as np

from compare.check.recording.graph import Place
from compare.check.saying.signatures.wrong_line import Named, WrongLine
from compare.check.saying.source import list_around

EXPLANATIONS = {
    "sum-missing": "A bias gets the sum of its errors over the batch; without it, it becomes one row for each example.",
    "softmax-axis": "The probabilities of one example have to add up to 1: the softmax runs over the wrong axis.",
    "one-hot-scrambled": "Each example has one 1 in its targets, at its class; here entries went to other examples, as "
    "when `reshape` stands for a transpose.",
    "order-of-gradients": "A parameter is changed by the gradient of another, {operand}: two lists do not run in the "
    "same order.",
    "integer-dtype": "Whole numbers cannot hold what is smaller than 1: everything that is stored here is cut off.",
    "never-updated": "The gradient of {operand} is computed, but {operand} never changes.",
    "momentum-sign": "The velocity of the step before is subtracted, so that every step brakes; it should be added.",
    "shared-velocity": "The velocity still has the gradient of {operand} in it: every parameter needs one of its own.",
    "adam-without-powers": "Adam divides its moments by 1 - beta to the power of the step; here the power is missing.",
    "not-finite": "Something overflows here, or is divided by zero, and nothing after it is a number.",
}


def of_a_kind(wrong: WrongLine) -> Named | None:
    """A fault that came with its kind."""
    fault, place = wrong.fault, wrong.place
    if not fault.kind:
        return None
    operand = (wrong.called(fault.about) if fault.about is not None else "") or "a parameter"
    header = list_around(place) if fault.kind == "never-updated" else None
    if header is not None:
        head = Place(place.file, header, place.function, place.caller)
        return wrong.named(fault.kind, place=head, also=(place,), operand=operand)
    overflows = fault.kind == "not-finite" and wrong.node.function is np.exp
    shifted = "exp(z - z.max(...)): a shift cancels, and keeps it in range"
    return wrong.named(fault.kind, shifted if overflows else "", operand=operand)
