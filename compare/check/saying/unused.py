"""What a step leaves as it is, or changes to no purpose, in words: it is not judged, and no mistake for certain."""

from pathlib import Path

from compare.check.judging.beyond import unused
from compare.check.judging.faults import Search
from compare.check.saying.source import added


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
