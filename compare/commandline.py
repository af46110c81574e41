"""The command line: options in, exit code out. Each command hands over to the file of the question it asks.

Exit codes: 0 = it holds, 1 = it does not hold, 2 = bad usage or bad input, 130 = stopped by Ctrl-C.
"""

import sys
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from compare.options import (
    Activation,
    BatchSize,
    Data,
    Dtype,
    Epochs,
    Hidden,
    Init,
    InitScale,
    Json,
    LearningRate,
    Preset,
    Seed,
    Threads,
)
from compare.shared.errors import BadInput

# Modules that need NumPy, PyTorch or Matplotlib are imported inside the commands, so that --help comes at once.

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Answer(Protocol):
    """What a question comes back with."""

    @property
    def holds(self) -> bool: ...  # noqa: D102
    def as_json(self) -> dict[str, Any]: ...  # noqa: D102
    def print(self) -> None: ...  # noqa: D102


def main() -> None:
    """Run the command line, turn mistakes that a user can mend into one paragraph, and exit."""
    try:
        app(prog_name=_program())
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def _program() -> str:
    return "threeways" if Path(sys.argv[0]).name.startswith("threeways") else "python -m compare"


def _finish(answer: Answer, json: bool) -> None:
    if json:
        from compare.shared.output import dump_json

        print(dump_json(answer.as_json()))
    else:
        answer.print()
    raise typer.Exit(0 if answer.holds else 1)


@app.callback()
def _about() -> None:
    """One MNIST network, three ways: backprop by hand, a tiny autograd engine, PyTorch. What do they share?"""


@app.command()
def run(
    preset: Preset = "minibatch",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = 0,
    dtype: Dtype = "float64",
    hidden: Hidden = "128,64",
    activation: Activation = "relu",
    init: Init = "chapter",
    init_scale: InitScale = 0.01,
    data: Data = None,
    threads: Threads = None,
    json: Json = False,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results/run"),
) -> None:
    """The main job: gradients compared before and after training, three trainings side by side, a verdict.

    Example: python -m compare run --epochs 3
    """
    from compare import run as question

    settings = _settings(locals())
    _finish(question.answer(settings, out), json)


@app.command()
def curves(
    preset: Preset = "minibatch",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = 0,
    dtype: Dtype = "float64",
    hidden: Hidden = "128,64",
    activation: Activation = "relu",
    init: Init = "chapter",
    init_scale: InitScale = 0.01,
    data: Data = None,
    threads: Threads = None,
    json: Json = False,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results/curves"),
) -> None:
    """Training curves side by side, and their difference on a log scale.

    Example: python -m compare curves --dtype float32 --epochs 3
    """
    from compare import curves as question

    settings = _settings(locals())
    _finish(question.answer(settings, out), json)


def _settings(options: dict[str, Any]) -> Any:
    """Settings from a command's own arguments, whose names are those of the settings."""
    from compare.shared.settings import Settings

    names = {*Settings.__dataclass_fields__, "preset"}
    return Settings.from_options(**{name: value for name, value in options.items() if name in names})
