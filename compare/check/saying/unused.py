"""What a step leaves as it is, or changes to no purpose, in words: it is not judged, and no mistake for certain."""

from pathlib import Path

from compare.check.judging.beyond import unused
from compare.check.judging.search import Search
from compare.check.recording.graph import Node
from compare.check.saying.source import added
from compare.check.steps.parameters import update_forms
from compare.check.steps.views import ancestors
from compare.check.understanding.step import Step


def unused_parameters(search: Search) -> list[str]:
    """A note for each parameter without effect, and for each bias that stays."""
    names = [search.step.parameters[k].name for k in search.without_effect]
    notes = [
        f"{name} has no effect on the loss, and is not judged: what comes after takes it away again, as a batch norm "
        "does with the bias before it." for name in names
    ]  # fmt: skip
    for still in unused(search):
        use = next((node.place for node in search.step.nodes if still in node.parents), None)
        if use is not None:
            where = f"line {use.line} of {Path(use.file).name}"
            notes.append(f"{added(use) or 'A parameter'}, used in {where}, never changes: it is not learned.")
    return notes


def not_followed(step: Step) -> list[Node]:
    """Updates of arrays that nothing is seen to use, by what is not seen to come about: C code has had them, and gives.

    A sum that a program keeps for itself is none: what it adds was recorded.
    """
    found = list[Node]()
    for node in step.nodes:
        for before, change, _ in update_forms(node) if node not in step.moving else ():
            kept = before not in step.window and before in node.parents and before.value.size > 1
            if kept and node.value.dtype.kind == "f" and node.shape == before.shape:
                new = (n for n in ancestors([change]) if n in step.window and n.function is None and not n.made_by)
                if any(n.value.dtype.kind == "f" for n in new):
                    found.append(node)
                    break
    return found
