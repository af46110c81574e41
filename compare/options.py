"""The options that commands share: each said once, with its help, and how a command takes them."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from compare.shared.errors import BadInput
from compare.shared.settings import BFLOAT16, PRESETS, Settings
from compare.worlds import MANUAL, NAMES, TORCH_REF, bring_own

# Those of one command alone.

After = Annotated[int, Option(help="Train this many steps first, by hand, and judge at those weights.")]
Mutants = Annotated[bool, Option("--mutants", help="Plant bugs instead, and see whether each is caught.")]
Pair = Annotated[
    str | None,
    Option(
        help=f"Two or more of {', '.join(NAMES)} and what --with brings, with commas between.",
        show_default=f"{MANUAL},{TORCH_REF}, or {MANUAL} and what --with brings",
    ),
]
Steps = Annotated[int, Option(help="Steps to train, over as many epochs as they take.")]
Image = Annotated[int | None, Option(help="Its place in the training set, from 0.", show_default="0")]
Batch = Annotated[int | None, Option(help="Look at the first so many training images instead.", show_default=False)]
Epoch = Annotated[
    int | None,
    Option(
        "--epoch", "--epochs", help="Train so far, and show every epoch; 0 is untrained.", show_default="the preset's"
    ),
]
Name = Annotated[str | None, Argument(help="The experiment; without one, all are listed.", show_default=False)]
All = Annotated[bool, Option("--all", help="Run every experiment.")]
Number = Annotated[int | None, Argument(help="The exercise; without a number, the questions only.", show_default=False)]
OwnEpochs = Annotated[int | None, Option(help="Passes over the training set.", show_default="the exercise's")]
File = Annotated[
    str,
    Argument(help="Your Python file or notebook, or FILE:NAME for one class or function of it.", metavar="FILE[:NAME]"),
]
Definitions = Annotated[
    bool, Option("--definitions", help="Run only its imports, definitions and constants; call what they define.")
]
Train = Annotated[
    bool, Option("--train", help="Where its gradients are right, watch its training, too: why does it not learn?")
]
Python = Annotated[Path | None, Option(help="The Python to run it in.", show_default="this one")]
TimeLimit = Annotated[float, Option(help="Seconds that your code may take, and its training half as long again.")]
Seed = Annotated[int, Option(help="Decides the random numbers that it draws.", min=0)]
Data = Annotated[Path | None, Option(help="Folder of another set in MNIST's format.", show_default="MNIST")]
Threads = Annotated[int, Option(help="Threads to compute with.", min=1, max=1024)]

#: name: (type, default, help); the default None leaves the choice to the preset, or is explained by the help.
SHARED: dict[str, tuple[Any, Any, str]] = {
    "preset": (
        str,
        "minibatch",
        "minibatch: batches of 64, learning rate 0.1, 10 epochs. chapter: the loop as the chapter prints it, the whole "
        "set as one batch, learning rate 0.01, 50 epochs.",
    ),
    "epochs": (int | None, None, "Passes over the training set."),
    "batch_size": (int | None, None, "Images per batch."),
    "learning_rate": (float | None, None, "Size of a step."),
    "seed": (int, 0, "Decides the initial weights and the order of the batches."),
    "dtype": (str, "float64", "float32 or float64."),
    "hidden": (str, "128,64", "Widths of the hidden layers."),
    "activation": (str, "relu", "relu or sigmoid, for every hidden layer."),
    "init": (str, "chapter", "Initial weights: chapter (normal x scale), he, or torch (the default of nn.Linear)."),
    "init_scale": (float, 0.01, "The scale of --init chapter."),
    "data": (Path | None, None, "Folder of another set in MNIST's format."),
    "threads": (int, 1, "Threads to compute with; one is fastest for matrices this small."),
}


OWN = inspect.Parameter(
    "own",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        list[str] | None,
        Option(
            "--with",
            metavar="FILE:CLASS",
            help="A network of your own beside the others, or MODULE:CLASS; see docs/jax_network.py.",
            show_default=False,
        ),
    ],
)


#: Those that describe the training, and those that describe the network, for commands that leave them out.
TRAINING = ("preset", "epochs", "batch_size", "learning_rate")
NETWORK = ("hidden", "activation", "init", "init_scale")


def takes_settings(
    *left_out: str, bfloat16: bool = False, brings: bool = False, **defaults: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the shared options, but for those left out, as its first argument: one checked `Settings`.

    bfloat16: whether it takes that dtype, which is refused otherwise. brings: whether it takes networks of one's
    own, by --with. defaults: in place of those in SHARED.
    """
    if "preset" in left_out:
        defaults = {**PRESETS["minibatch"], **defaults}
    shared = [_parameter(name, defaults.get(name, SHARED[name][1])) for name in SHARED if name not in left_out]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        first, *own = inspect.signature(command).parameters.values()
        assert first.name == "settings", "a command that takes settings takes them first"

        @functools.wraps(command)
        def with_options(**options: Any) -> None:
            settings = Settings.from_options(**{option.name: options.pop(option.name) for option in shared})
            if settings.dtype == BFLOAT16 and not bfloat16:
                raise BadInput(
                    "--dtype bfloat16 is for parity alone, where PyTorch's products are judged in it; NumPy has none. "
                    "Ask python -m compare parity --dtype bfloat16, or pass float32 or float64 here."
                )
            if brings and (brought := options.pop(OWN.name)):
                settings = settings.with_(worlds=(*settings.worlds, *bring_own(*brought)))
            command(settings, **options)

        parameters = [
            *shared,
            *([OWN] if brings else []),
            *(option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in own),
        ]
        with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_options.__annotations__ = {option.name: option.annotation for option in parameters}
        return with_options

    return decorate


def _parameter(name: str, default: Any) -> inspect.Parameter:
    """A shared option as a parameter of a command, in the way that typer reads it."""
    kind, _, said = SHARED[name]
    shown = True if default is not None else "MNIST" if name == "data" else "the preset's"
    option: Any = Annotated[kind, Option(help=said, show_default=shown)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=option)
