"""Is a hand-written backward pass right, if not which line is wrong; and why does a right one not learn?"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from compare.check.answer import Check
from compare.check.running.parent import run_in_child
from compare.check.words import LineNames, how_it_ran, understood_in_words
from compare.shared.dataset import load_mnist
from compare.shared.errors import BadInput
from compare.shared.output import Output


def ask(
    target: str,
    output: Output,
    *,
    definitions: bool = False,
    train: bool = False,
    python: Path | None = None,
    time_limit: float = 60.0,
    seed: int = 0,
    data: Path | None = None,
    threads: int = 1,
) -> Check:
    """Run the program of `target`, FILE or FILE:NAME, in a child process, and judge it.

    definitions: run its imports, definitions and constants alone, and call what they define; train: where its gradients
    are right, run it a second time and watch whether it learns; python: the one to run it in; time_limit: seconds for
    its own code. Raises BadInput for what cannot be used, and for a program that cannot be judged.
    """
    if not (np.isfinite(time_limit) and time_limit > 0):
        raise BadInput(f"--time-limit is {time_limit!r}; expected seconds, above 0.")
    if data is not None:
        load_mnist(data)  # only to refuse it at once, and not after the program has asked for it
    if python is not None:
        found = shutil.which(python)
        if found is None:
            raise BadInput(f"--python {python} is no program that can be run; name a Python 3.11 or later with NumPy.")
        python = Path(found).absolute()  # the child begins in another folder
    output.open()
    file, name = split_target(target)
    if train and (definitions or name is not None):
        raise BadInput(
            "--train watches the program's own training, so the whole file has to run: leave out "
            f"{'--definitions' if definitions else ':' + str(name)}."
        )

    def run(seconds: float, **options: Any) -> dict[str, Any]:
        return run_in_child(
            file, name, seed=seed, time_limit=seconds, definitions=definitions, python=python, digits=data,
            threads=threads, **options,
        )  # fmt: skip

    reply = run(time_limit)
    settings = {"file": file.name, "name": name, "definitions": definitions, "train": train, "seed": seed}
    check = read(reply, file, {"settings": settings})
    if train:
        check.training = _watched(check, reply, lambda known: run(time_limit / 2, train=known))
    return check


def split_target(target: str) -> tuple[Path, str | None]:
    """FILE:NAME taken apart; a colon of a drive's name stays where it is."""
    file, colon, name = target.rpartition(":")
    return (Path(file), name) if colon and name.isidentifier() and file else (Path(target), None)


def read(reply: dict[str, Any], file: Path, made_with: dict[str, Any] | None = None) -> Check:
    """The answer from the child's reply. Raises BadInput where it could not tell right from wrong."""
    result, lines = reply["result"], LineNames(file, reply["cells"])
    notes = [lines.in_words(note) for note in [*reply["notes"], *result["notes"]]]
    texts = ("explanation", "evidence")
    diagnoses = [{**d, **{name: lines.in_words(d[name]) for name in texts}} for d in result["diagnoses"]]
    ran = how_it_ran(reply, lines)
    check = Check(file, lines, result["understood"], ran, notes, result["lines"], diagnoses, made_with or {})
    check.marks = result.get("marks", [])
    check.framework = result.get("framework", "")
    if result["verdict"] == "cannot tell":
        raise BadInput(_cannot_tell(check, result))
    return check


def _watched(check: Check, reply: dict[str, Any], run: Callable[[Any], dict[str, Any]]) -> dict[str, Any] | None:
    """How its training goes; None where its gradients are wrong. Raises BadInput where that cannot be told."""
    if not check.holds:
        return None
    if reply["result"].get("framework"):
        raise BadInput(
            f"The gradients of {check.file} are right. It is a program in PyTorch, and --train watches the training of "
            "programs in NumPy: leave it out."
        )
    if reply["driven"]:
        raise BadInput(
            f"The gradients of {check.file} are right. It only defines what it needs, so there is no training of its "
            "own to be watched: let it train at module level."
        )
    known = {"loss": check.understood["loss"], "rates": reply["result"]["rates"]}
    training: dict[str, Any] = run(known)["training"]
    if training["verdict"] == "cannot tell":
        raise BadInput(
            f"The gradients of {check.file} are right. Why, or whether, it does not learn cannot be told: "
            f"{training['reason']}."
        )
    check.diagnoses.extend(training.pop("findings"))
    return training


def _cannot_tell(check: Check, result: dict[str, Any]) -> str:
    """What was seen, what is missing, and what would help: one paragraph."""
    seen = f" What was understood: {understood_in_words(check.understood)}." if check.understood else ""
    notes = "".join(f" {_sentence(note)}" for note in check.notes)
    reason = check.place.in_words(result["reason"])
    if ": let it" in reason or ": make" in reason or result.get("framework"):
        helps = ""
    elif not check.understood:
        helps = "at least one update of its arrays, or FILE:NAME for the class or the function that makes one."
    elif "computed" not in check.understood:
        helps = "the loss that is meant, computed in the program beside the gradients."
    else:
        helps = "the class or the function alone, as FILE:NAME or with --definitions."
    helps = helps and f" What would help: {helps}"
    return f"{check.file} cannot be judged. {check.ran}{notes} {reason}{seen}{helps}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
