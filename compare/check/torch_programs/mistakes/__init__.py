"""The classic mistakes around PyTorch's own derivatives, each named where what was seen leaves no doubt about it."""

from collections.abc import Iterator
from typing import Any

from compare.check.saying.source import short, text
from compare.check.torch_programs.mistakes import loop, losses, updates
from compare.check.torch_programs.mistakes.mistake import Mistake
from compare.check.torch_programs.watch import TorchWatch

Document = dict[str, Any]
EXPLANATIONS = losses.EXPLANATIONS | updates.EXPLANATIONS | loop.EXPLANATIONS


def found(watch: TorchWatch, ended: bool) -> list[Document]:
    """What is wrong, in words. ended: whether an exception ended the program."""
    return [_in_words(mistake) for mistake in _mistakes(watch, ended)]


def _mistakes(watch: TorchWatch, ended: bool) -> Iterator[Mistake]:
    if watch.backwards:
        yield from losses.in_loss(watch.backwards[-1])
    yield from updates.in_gradients(watch)
    yield from updates.in_parameters(watch)
    yield from loop.in_losses_kept(watch)
    yield from loop.in_modes(watch)
    if ended and watch.failed is not None:
        yield from losses.in_failure(watch.failed)


def notes(watch: TorchWatch, diagnoses: list[Document]) -> Iterator[str]:
    """What is unusual, and no mistake."""
    per_step: dict[int, int] = {}
    for moment in watch.backwards:
        per_step[moment.step] = per_step.get(moment.step, 0) + 1
    full = [count for step, count in per_step.items() if step < watch.steps.count]
    stale = watch.steps.stale
    if "gradients-not-cleared" not in {d["name"] for d in diagnoses}:
        if full and min(full) > 1:
            yield (
                f"Gradients are added up over {full[0]} backward passes before each step: judged was the first of them"
            )
        if any(stale):
            yield (
                f"Gradients are cleared only after every few steps: in {sum(stale)} of {len(stale)} steps those that "
                "an earlier step had used were still in .grad; it is taken as meant"
            )
    criterion = watch.backwards[-1].criterion if watch.backwards else None
    labels = losses.labels_of(criterion)
    if criterion is not None and criterion.name == "cross_entropy" and labels is not None and labels.ndim == 2:
        yield "The targets are rows of probabilities, as cross-entropy takes them too; class numbers say the same"


def _in_words(mistake: Mistake) -> Document:
    """The mistake in the form of those on programs in NumPy."""
    place = mistake.place
    return {
        "name": mistake.name, "line": "this line" if place else "the whole program",
        "source_line": place.line if place else None, "file": short(place.file) if place else "",
        "text": text(place) if place else "",
        "also": [{"file": short(p.file), "line": p.line, "text": text(p)} for p in mistake.also if p is not None],
        "explanation": EXPLANATIONS[mistake.name], "evidence": mistake.evidence, "corrected": mistake.corrected,
        "harmless": mistake.harmless, "trial": "recorded", "parameters": list(mistake.parameters),
    }  # fmt: skip
