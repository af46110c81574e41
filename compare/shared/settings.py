"""What a run is made of: everything that, with the machine, decides its numbers."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from compare.shared.errors import BadInput
from compare.worlds import NAMES

DTYPES = ("float32", "float64")
BFLOAT16 = "bfloat16"  # products in it, weights in float32: for `parity` alone, see `options.takes_settings`
LARGEST_FLOAT32 = (2 - 2**-23) * 2.0**127
MOST_STEPS = 10**9  # or epochs: years of work
ACTIVATIONS = ("relu", "sigmoid")
INITS = ("chapter", "he", "torch")

#: name: the options that it sets; `batch_size` None is the whole training set.
PRESETS: dict[str, dict[str, Any]] = {
    "minibatch": {"batch_size": 64, "learning_rate": 0.1, "epochs": 10},
    "chapter": {"batch_size": None, "learning_rate": 0.01, "epochs": 50},
}


@dataclass(frozen=True)
class Settings:
    """The shared options, checked. Raises BadInput for a value that cannot be used.

    worlds: by name, those that are compared: all of the list, and what --with brings.
    """

    seed: int = 0
    dtype: str = "float64"
    widths: tuple[int, ...] = (128, 64)
    activation: str = "relu"
    init: str = "chapter"
    init_scale: float = 0.01
    batch_size: int | None = 64
    epochs: int = 10
    learning_rate: float = 0.1
    data: Path | None = None
    threads: int = 1
    worlds: tuple[str, ...] = NAMES

    def __post_init__(self) -> None:
        check_whole("--seed", self.seed, least=0, most=2**63 - 1)
        if self.dtype != BFLOAT16:
            _choice("--dtype", self.dtype, DTYPES)
        for size in self.widths:
            check_whole("--hidden", size, least=1, most=1_000_000)
        _choice("--activation", self.activation, ACTIVATIONS)
        _choice("--init", self.init, INITS)
        _positive("--init-scale", self.init_scale)
        if self.batch_size is not None:
            check_whole("--batch-size", self.batch_size, least=1)
        check_whole("--epochs", self.epochs, least=1, most=MOST_STEPS)
        _positive("--learning-rate", self.learning_rate)
        if self.dtype != "float64" and self.learning_rate > LARGEST_FLOAT32:
            raise BadInput(f"--learning-rate is {self.learning_rate!r}, which float32 cannot hold; make it smaller.")
        check_whole("--threads", self.threads, least=1, most=1024)

    @staticmethod
    def from_options(preset: str = "minibatch", hidden: str = "128,64", **options: Any) -> "Settings":
        """Settings from the command line: the preset's, changed by each option that is not None."""
        _choice("--preset", preset, tuple(PRESETS))
        given = {name: value for name, value in options.items() if value is not None}
        return Settings(**{**PRESETS[preset], **given, "widths": parse_sizes(hidden)})

    def rows_per_batch(self, rows: int) -> int:
        """The batch size for a training set of that many rows; raises BadInput where it is too small for a batch."""
        if self.batch_size is not None and self.batch_size > rows:
            raise BadInput(
                f"--batch-size {self.batch_size:,} is larger than the training set of {rows:,} images: pass "
                f"--batch-size {rows} or less."
            )
        return self.batch_size or rows

    def sizes(self, fan_in: int, classes: int) -> tuple[int, ...]:
        """The width of every layer, from the input to the scores."""
        return (fan_in, *self.widths, classes)

    def with_(self, **changes: Any) -> "Settings":
        """The same settings but for `changes`."""
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """The settings as plain data; of a data folder only its name, so that results carry no paths."""
        data = self.data.resolve().name if self.data else "MNIST"
        content = {**asdict(self), "worlds": list(self.worlds), "data": data}
        return {"hidden": list(content.pop("widths")), **content}


def parse_sizes(text: str) -> tuple[int, ...]:
    """Layer widths from "128,64". Raises BadInput where one is not a whole number."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise BadInput(f"--hidden {text!r} is not a list of layer widths; write them like --hidden 128,64.") from None


def check_whole(option: str, value: int, least: int, most: int | None = None) -> None:
    """Raise BadInput where an option's value is no whole number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        limit = f" and at most {most:,}" if most is not None else ""
        raise BadInput(f"{option} is {value!r}; expected a whole number of at least {least}{limit}.")


def _positive(option: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise BadInput(f"{option} is {value!r}; expected a finite number above 0.")


def _choice(option: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise BadInput(f"{option} is {value!r}; expected one of {', '.join(choices)}.")
