"""The options that commands share: each said once, with its help, and how a command takes them."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from typer import Option

Json = Annotated[bool, Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
Out = Annotated[Path, Option(help="Folder for the files.")]

Force = Annotated[bool, Option("--force", help="Overwrite an earlier report.html instead of keeping it.")]

#: name: (type and help, default); None leaves the choice to the preset.
SHARED: dict[str, tuple[Any, Any]] = {
    "preset": (
        Annotated[
            str,
            Option(
                help="minibatch: batches of 64, learning rate 0.1, 10 epochs. chapter: the loop as the chapter prints "
                "it, the whole set as one batch, learning rate 0.01, 50 epochs."
            ),
        ],
        "minibatch",
    ),
    "epochs": (Annotated[int | None, Option(help="Passes over the training set.", show_default="the preset's")], None),
    "batch_size": (Annotated[int | None, Option(help="Images a batch.", show_default="the preset's")], None),
    "learning_rate": (Annotated[float | None, Option(help="Size of a step.", show_default="the preset's")], None),
    "seed": (Annotated[int, Option(help="Decides the initial weights and the order of the batches.")], 0),
    "dtype": (Annotated[str, Option(help="float32 or float64.")], "float64"),
    "hidden": (Annotated[str, Option(help="Widths of the hidden layers.")], "128,64"),
    "activation": (Annotated[str, Option(help="relu or sigmoid, for every hidden layer.")], "relu"),
    "init": (
        Annotated[
            str, Option(help="Initial weights: chapter (normal x scale), he, or torch (the default of nn.Linear).")
        ],
        "chapter",
    ),
    "init_scale": (Annotated[float, Option(help="The scale of --init chapter.")], 0.01),
    "data": (
        Annotated[Path | None, Option(help="Folder of another set in MNIST's format.", show_default="MNIST")],
        None,
    ),
    "threads": (Annotated[int, Option(help="Threads to compute with; for matrices this small one is the best.")], 1),
}


def takes_settings(*left_out: str, **defaults: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the shared options, but for those left out, as its first argument: one checked `Settings`.

    defaults: in place of those in SHARED.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        first, *own = inspect.signature(command).parameters.values()
        assert first.name == "settings", "a command that takes settings takes them first"
        shared = {name: option for name, option in SHARED.items() if name not in left_out}

        @functools.wraps(command)
        def with_options(**options: Any) -> None:
            from compare.shared.settings import Settings

            settings = Settings.from_options(**{name: options.pop(name) for name in shared})
            command(settings, **options)

        parameters = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name, default), annotation=kind
            )
            for name, (kind, default) in shared.items()
        ]
        parameters += [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return with_options

    return decorate
