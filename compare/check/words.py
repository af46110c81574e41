"""What was understood of a program, how it was run, and its lines, in the words of the one who wrote it."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REDUCED = {
    "sum": "the summed {loss}", "sum / 2": "the summed {loss} / 2", "mean": "the mean {loss}",
    "mean / 2": "the mean {loss} / 2", "mean over all entries": "the mean {loss}, taken over all entries",
    "mean over all entries / 2": "the mean {loss} / 2, taken over all entries",
}  # fmt: skip


def kind_in_words(name: str) -> str:
    """The name of a mistake, which JSON has as mean-missing or one-hot-scrambled: mean missing, one-hot scrambled."""
    return name.replace("-", " ").replace("one hot", "one-hot")


@dataclass(frozen=True)
class LineNames:
    """Lines as their author counts them. cells: where each cell of a notebook begins, in all its cells joined."""

    file: Path
    cells: list[int] = field(default_factory=list)

    def place(self, line: int, file: str = "") -> str:
        """The line's name: "line 12", or "cell 3, line 5", or "layers.py, line 5" in another file of the program."""
        if file and file != self.file.name:
            return f"{file}, line {line}"
        cell = bisect_right(self.cells, line)
        return f"cell {cell}, line {line - self.cells[cell - 1] + 1}" if cell else f"line {line}"

    def in_words(self, text: str) -> str:
        """A sentence with every line that it names as the author counts it."""
        if not self.cells:
            return text
        return re.sub(r"\b([Ll])ine (\d+)", lambda found: _as_begun(found[1], self.place(int(found[2]))), text)


def _as_begun(letter: str, place: str) -> str:
    return place[0].upper() + place[1:] if letter == "L" else place


def understood_in_words(understood: dict[str, Any]) -> str:
    """The network, its loss and its update in a line.

    As in "784 -> 128 relu -> 10, softmax outputs; gradients of the mean cross-entropy over a batch of 8; SGD".
    """
    sizes, kinds = understood["layers"], understood["activations"]
    hidden = [
        f"{size} {kind}" if kind not in ("?", "linear") else str(size)
        for size, kind in zip(sizes[1:-1], kinds, strict=False)
    ]
    network = " -> ".join([str(sizes[0]), *hidden, str(sizes[-1])]) if sizes else "no layers that were recognised"
    output = understood["output"]
    outputs = f", {output} outputs" if output != "?" else ""
    return f"{network}{outputs}; gradients of {_loss(understood)}{_batch(understood)}; {_update(understood)}"


def _loss(understood: dict[str, Any]) -> str:
    loss, reduction = understood["loss"], understood["reduction"]
    if loss == "a loss of its own":
        return loss
    if scaled := re.fullmatch(r"sum x (.+)", reduction):
        return f"{scaled[1]} times the summed {loss}"
    return REDUCED.get(reduction, "the {loss}").format(loss=loss)


def _batch(understood: dict[str, Any]) -> str:
    m = understood["data"].get("batch", 0)
    return "" if not m else f" over a batch of {m:,}" if m > 1 else ", one example at a time"


def _update(understood: dict[str, Any]) -> str:
    return str(understood["update"]) if understood["update"] != "?" else "an update whose rule was not recognised"


def how_it_ran(reply: dict[str, Any], lines: LineNames) -> str:
    """How the program was run, or driven, and what ended it early."""
    if reply["driven"]:
        return f"It only defines what it needs, and was called so: {reply['driven']}."
    ended = reply["ended"]
    if ended is None:
        return "It was run as it is, until its updates had been seen."
    where = f" in {lines.place(ended['line'], Path(ended.get('file', '')).name)}" if ended.get("line") else ""
    if ended["status"] == "time":
        return f"It was run as it is, until its time was over{where}; what it had done by then was judged."
    return f"It was run as it is, until it ended{where} ({ended['message']}); what it had done by then was judged."
