"""The command line: options in, exit code out. Each command hands over to the file of the question it asks.

Exit codes: 0 = it holds, 1 = it does not hold, 2 = bad usage or bad input, 130 = stopped by Ctrl-C.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from compare.options import Force, Json, Out, takes_settings
from compare.shared.errors import BadInput
from compare.worlds import MANUAL, NAMES, TORCH_REF, WORLDS

if TYPE_CHECKING:
    from compare.shared.settings import Settings

# What needs NumPy, PyTorch or Matplotlib is imported inside the commands, so that --help comes at once.

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
        for argument in sys.argv[1:]:
            _refuse_what_is_no_text(argument)
        app(prog_name=_program())
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except MemoryError:
        print("error: This takes more memory than there is. Try a smaller --hidden or --batch-size.", file=sys.stderr)
        sys.exit(2)


def _refuse_what_is_no_text(argument: str) -> None:
    """Names of files may be any bytes, and such a one could be written into no report."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        raise BadInput(f"{argument!r} is not text in UTF-8. Rename that file or folder, or name another.") from None


def _program() -> str:
    return "threeways" if Path(sys.argv[0]).name.startswith("threeways") else "python -m compare"


def _ask(question: Callable[[], Answer], json: bool, out: Path, force: bool) -> None:
    """Answer the question, show the answer, write its report, and exit with the answer's code."""
    try:
        answer = question()
        files = getattr(answer, "files", None)
        if files is not None:  # a mere list of questions leaves none
            from compare.report.writing import write_report

            files.append(write_report(sys.argv[1:], answer, files, out, force))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None  # which __main__.py puts into words
    if json:
        from compare.shared.output import dump_json

        print(dump_json(answer.as_json()))
    else:
        answer.print()
        if files:
            print(f"Open {files[-1]} in a browser.")
    raise typer.Exit(0 if answer.holds else 1)


@app.callback()
def _about() -> None:
    """One MNIST network, three ways: backprop by hand, a tiny autograd engine, PyTorch. Are they the same?"""
    for world in WORLDS.values():
        world.check()


@app.command()
@takes_settings(brings=True)
def run(settings: "Settings", json: Json = False, out: Out = Path("results/run"), force: Force = False) -> None:
    """The main job: gradients compared before and after training, three trainings side by side, a verdict.

    Example: python -m compare run --epochs 3
    """
    from compare import run as question

    _ask(lambda: question.answer(settings, out), json, out, force)


@app.command()
@takes_settings(brings=True)
def curves(settings: "Settings", json: Json = False, out: Out = Path("results/curves"), force: Force = False) -> None:
    """Training curves side by side, and their difference on a log scale.

    Example: python -m compare curves --dtype float32 --epochs 3
    """
    from compare import curves as question

    _ask(lambda: question.answer(settings, out), json, out, force)


After = Annotated[int, typer.Option(help="Train this many steps first, by hand, and judge at those weights.")]
Mutants = Annotated[bool, typer.Option("--mutants", help="Plant bugs instead, and see whether each is caught.")]


@app.command()
@takes_settings("epochs", bfloat16=True, brings=True)
def parity(
    settings: "Settings",
    after: After = 0,
    mutants: Mutants = False,
    json: Json = False,
    out: Out = Path("results/parity"),
    force: Force = False,
) -> None:
    """The gradients of one batch in all three, line by line, against bounds that are derived, not guessed.

    With --dtype bfloat16 PyTorch's autocast alone: the other two are on NumPy, which has none.

    Example: python -m compare parity --dtype float32 --batch-size 256
    """
    from compare.parity import question, short
    from compare.shared.settings import BFLOAT16

    if len(settings.worlds) > len(WORLDS) and (mutants or settings.dtype == BFLOAT16):
        raise BadInput(
            "--with has no --mutants and no --dtype bfloat16: bugs are planted in a network of the project's own, and "
            "of the worlds PyTorch alone has bfloat16. Leave out one."
        )
    if mutants and settings.dtype == BFLOAT16:
        raise BadInput("--mutants has no --dtype bfloat16: bugs are planted in float32 and float64. Leave out one.")
    answer = short.answer if settings.dtype == BFLOAT16 else question.answer
    _ask(
        lambda: question.answer_mutants(settings, out) if mutants else answer(settings, out, after),
        json,
        out,
        force,
    )


Pair = Annotated[
    str | None,
    typer.Option(
        help=f"Two or more of {', '.join(NAMES)} and what --with brings, with commas between.",
        show_default=f"{MANUAL},{TORCH_REF}, or {MANUAL} and what --with brings",
    ),
]
Steps = Annotated[int, typer.Option(help="Steps to train, over as many epochs as they take.")]


@app.command()
@takes_settings("epochs", brings=True, dtype="float32")
def divergence(
    settings: "Settings",
    pair: Pair = None,
    steps: Steps = 3000,
    json: Json = False,
    out: Out = Path("results/divergence"),
    force: Force = False,
) -> None:
    """Where and why two trainings part: the first ReLU that is on in one and off in the other, and its image.

    Example: python -m compare divergence --pair manual,autograd,torch_ref --seed 1
    """
    from compare import divergence as question

    _ask(lambda: question.answer(settings, pair, steps, out), json, out, force)


@app.command()
@takes_settings("preset", "epochs", "learning_rate", batch_size=64)
def rosetta(settings: "Settings", json: Json = False, out: Out = Path("results/rosetta"), force: Force = False) -> None:
    """Each hand-written line beside the engine's node and PyTorch's, with its shape and what it keeps.

    Example: python -m compare rosetta --activation sigmoid
    """
    from compare.rosetta import question

    _ask(lambda: question.answer(settings, out), json, out, force)


Name = Annotated[str | None, typer.Argument(help="The experiment; without one, all are listed.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="Run every experiment.")]


@app.command()
@takes_settings("preset", "epochs", "hidden", "activation", "init", "init_scale", dtype="float32")
def hidden(
    settings: "Settings",
    name: Name = None,
    everything: All = False,
    json: Json = False,
    out: Out = Path("results/hidden"),
    force: Force = False,
) -> None:
    """What frameworks hide: one measured experiment each. Without a NAME, the list of them.

    Example: python -m compare hidden fused-loss
    """
    from compare.hidden import question

    _ask(lambda: question.answer(settings, out, name, everything), json, out, force)


Number = Annotated[
    int | None, typer.Argument(help="The exercise; without a number, the questions only.", show_default=False)
]
OwnEpochs = Annotated[int | None, typer.Option(help="Passes over the training set.", show_default="the exercise's")]


@app.command()
@takes_settings("preset", "epochs", "hidden", "activation", "init", "init_scale", dtype="float32")
def exercises(
    settings: "Settings",
    number: Number = None,
    epochs: OwnEpochs = None,
    json: Json = False,
    out: Out = Path("results/exercises"),
    force: Force = False,
) -> None:
    """The chapter's exercises, in all three. Without a number the questions; the answer comes with the number.

    Example: python -m compare exercises 2
    """
    from compare.exercises import question

    _ask(
        lambda: question.Questions() if number is None else question.answer(number, settings, epochs, out),
        json,
        out,
        force,
    )


File = Annotated[
    str,
    typer.Argument(
        help="Your Python file or notebook, or FILE:NAME for one class or function of it.", metavar="FILE[:NAME]"
    ),
]
Definitions = Annotated[
    bool, typer.Option("--definitions", help="Run only its imports, definitions and constants; call what they define.")
]
Train = Annotated[
    bool, typer.Option("--train", help="Where its gradients are right, watch its training, too: why does it not learn?")
]
Python = Annotated[Path | None, typer.Option(help="The Python to run it in.", show_default="this one")]
TimeLimit = Annotated[float, typer.Option(help="Seconds that your code may take, and its training half as long again.")]
Seed = Annotated[int, typer.Option(help="Decides the random numbers that it draws.", min=0)]
Data = Annotated[Path | None, typer.Option(help="Folder of another set in MNIST's format.", show_default="MNIST")]
Threads = Annotated[int, typer.Option(help="Threads to compute with.", min=1, max=1024)]


@app.command()
def check(
    file: File,
    definitions: Definitions = False,
    train: Train = False,
    python: Python = None,
    time_limit: TimeLimit = 60.0,
    json: Json = False,
    data: Data = None,
    seed: Seed = 0,
    threads: Threads = 1,
    out: Out = Path("results/check"),
    force: Force = False,
) -> None:
    """Your own hand-written network, run and judged: which line is wrong, and what was probably meant.

    Your program is run on this machine as you run it, in a process of its own
    and in a copy of its folder, until three of its updates have been seen;
    plots and prompts do nothing. With --train it is run again and watched until
    its time is over, and what keeps it from learning is named. Exit code 0:
    every gradient is right, and it learns; 1: a mistake was found; 2: it could
    not be judged.

    Example: python -m compare check my_network.py --train
    """
    from compare.check import question

    _ask(
        lambda: question.answer(
            file,
            definitions=definitions,
            train=train,
            python=python,
            time_limit=time_limit,
            seed=seed,
            data=data,
            threads=threads,
            out=out,
        ),
        json,
        out,
        force,
    )


@app.command()
@takes_settings(
    "preset",
    "epochs",
    "batch_size",
    "learning_rate",
    "dtype",
    "hidden",
    "activation",
    "init",
    "init_scale",
    brings=True,
)
def bench(settings: "Settings", json: Json = False, out: Out = Path("results/bench"), force: Force = False) -> None:
    """Time and memory of a training step in each, against its matrix multiplies alone.

    Example: python -m compare bench --threads 2
    """
    from compare.bench import question

    _ask(lambda: question.answer(settings, out), json, out, force)
