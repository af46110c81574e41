"""A line that is right but for a factor: -1, the number of examples, the learning rate, or another number."""

import re

import numpy as np

from compare.check.recording.graph import Place
from compare.check.saying.mended import divided, undivided, with_other_sign
from compare.check.saying.signatures.wrong_line import Named, WrongLine
from compare.check.saying.source import divided_by, divisor

EXPLANATIONS = {
    "sign-flipped": "The sign is wrong: {line} points uphill, and the update goes the wrong way.",
    "mean-missing": "The mean over the batch of {m} is taken in the other gradients, and not in {line}.",
    "mean-twice": "{line} is divided by the batch of {m} once too often.",
    "mean-over-features": "{line} is divided by {operand}, which counts something else than the {m} examples.",
    "scaled-by-constant": "{line} is {factor:.6g} times what it is for the other parameters.",
    "learning-rate-in-gradient": "The learning rate is multiplied in twice between the gradient and the update.",
}
CLOSE = 1e-6


def wrong_factor(wrong: WrongLine) -> Named | None:
    """A fault of which only the factor is wrong."""
    if wrong.fault.factor is None:
        return None
    name = _by_size(wrong.fault.factor, wrong.m)
    if name == "scaled-by-constant" and _is_rate(wrong):
        return wrong.named("learning-rate-in-gradient")
    by, place = _divisor_value(wrong), wrong.place
    miscounted = name == "scaled-by-constant" and by is not None and by != wrong.m
    counted = divisor(place) if miscounted else None
    if counted is not None:
        operand, line = counted
        there = Place(place.file, line, place.function, place.caller)
        return wrong.named("mean-over-features", place=there, also=(place,), operand=operand)
    return wrong.named(name, _without_factor(name, wrong))


def _by_size(factor: float, m: int) -> str:
    if abs(factor + 1) < CLOSE:
        return "sign-flipped"
    if m > 1 and abs(abs(factor) / m - 1) < CLOSE:
        return "mean-missing"
    if m > 1 and abs(abs(factor) * m - 1) < CLOSE:
        return "mean-twice"
    return "scaled-by-constant"


def _is_rate(wrong: WrongLine) -> bool:
    """Whether the factor is the number that updates are multiplied by."""
    for parameter in wrong.step.parameters:
        for update in parameter.updates:
            for rate in map(wrong.step.number, update.step.arguments if update.step.function is np.multiply else ()):
                if rate and abs(abs((wrong.fault.factor or 0.0) / rate) - 1) < CLOSE:
                    return True
    return False


def _divisor_value(wrong: WrongLine) -> float | None:
    """The number that the line divides by."""
    for node in wrong.step.nodes:
        if node.place == wrong.place and node.function is np.divide:
            number = wrong.step.number(node.arguments[1])
            if number is not None:
                return number
    return None


def _without_factor(name: str, wrong: WrongLine) -> str:
    """The line without the wrong factor, where that mends what it spoils and nothing else comes of the line."""
    search, source = wrong.search, wrong.source
    if ";" in source:
        return ""
    if search.made_by_line(wrong.fault.node) in wrong.step.changed:
        return with_other_sign(source) if name == "sign-flipped" else ""
    given, equals, value = source.partition(" = ")
    if not equals or "=" in given or not search.would_mend(wrong.fault):
        return ""
    if name == "sign-flipped":
        return f"{given} = {value[1:].lstrip()}" if _is_negated(value) else f"{given} = -({value})"
    if name == "mean-twice":
        return undivided(source)
    return divided(source, _name_of_count(wrong)) if name == "mean-missing" else ""


def _name_of_count(wrong: WrongLine) -> str:
    """What the learner calls the number of examples, where they divide by it; the number itself where they do not."""
    for node in wrong.step.nodes:
        if node.function is np.divide and node.place is not None and wrong.step.number(node.arguments[1]) == wrong.m:
            name = divided_by(node.place)
            if name:
                return name
    return str(wrong.m)


def _is_negated(value: str) -> bool:
    """Whether it is the negative of all that follows its first sign."""
    return bool(re.fullmatch(r"-\s*(\w[\w.]*|\([^()]*\))(\s*[*/@]\s*[\w.]+)*", value))
