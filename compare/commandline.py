"""The command line: options in, exit code out. Each command hands over to the file of the question it asks.

Exit codes: 0 = it holds, 1 = it does not hold, 2 = bad usage or bad input, 130 = stopped by Ctrl-C.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from compare import options
from compare.answering import How, answer, gives_results
from compare.options import NETWORK, TRAINING, takes_settings
from compare.shared.errors import BadInput
from compare.worlds import WORLDS

if TYPE_CHECKING:
    from compare.shared.settings import Settings

# What needs NumPy, PyTorch or Matplotlib is imported inside the commands, so that --help comes at once.


app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


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


@app.callback()
def _about() -> None:
    """One MNIST network, three ways: backprop by hand, a tiny autograd engine, PyTorch. Are they the same?"""
    for world in WORLDS.values():
        world.check()


@app.command()
@takes_settings(brings=True)
@gives_results
def run(settings: "Settings", how: How) -> None:
    """The main job: gradients compared before and after training, three trainings side by side, a verdict.

    Example: python -m compare run --epochs 3
    """
    from compare.run import page, question, tables

    answer(lambda output: question.ask(settings, output), tables.show, how, settings.threads, page.run_page)


@app.command()
@takes_settings(brings=True)
@gives_results
def curves(settings: "Settings", how: How) -> None:
    """Training curves side by side, and their difference on a log scale.

    Example: python -m compare curves --dtype float32 --epochs 3
    """
    from compare.curves import question, tables

    answer(lambda output: question.ask(settings, output), tables.show, how, settings.threads)


@app.command()
@takes_settings("epochs", bfloat16=True, brings=True)
@gives_results
def parity(
    settings: "Settings",
    how: How,
    after: options.After = 0,
    mutants: options.Mutants = False,
) -> None:
    """The gradients of one batch in all three, line by line, against bounds that are derived, not guessed.

    With --dtype bfloat16 PyTorch's autocast alone: the other two are on NumPy, which has none.

    Example: python -m compare parity --dtype float32 --batch-size 256
    """
    from compare.parity import question, tables
    from compare.parity.short import question as short_question
    from compare.parity.short import tables as short_tables
    from compare.shared.settings import BFLOAT16

    question.refuse_together(settings, mutants)
    if mutants:
        show = tables.show_planted_bugs
        answer(lambda output: question.ask_planted_bugs(settings, output), show, how, settings.threads)
    if settings.dtype == BFLOAT16:
        answer(lambda output: short_question.ask(settings, output, after), short_tables.show, how, settings.threads)
    answer(lambda output: question.ask(settings, output, after), tables.show, how, settings.threads)


@app.command()
@takes_settings("epochs", brings=True, dtype="float32")
@gives_results
def divergence(
    settings: "Settings",
    how: How,
    pair: options.Pair = None,
    steps: options.Steps = 3000,
) -> None:
    """Where and why two trainings part: the first ReLU that is on in one and off in the other, and its image.

    Example: python -m compare divergence --pair manual,autograd,torch_ref --seed 1
    """
    from compare.divergence import question, tables

    answer(lambda output: question.ask(settings, pair, steps, output), tables.show, how, settings.threads)


@app.command()
@takes_settings("preset", "epochs", "learning_rate", batch_size=64)
@gives_results
def rosetta(settings: "Settings", how: How) -> None:
    """Each hand-written line beside the engine's node and PyTorch's, with its shape and what it keeps.

    Example: python -m compare rosetta --activation sigmoid
    """
    from compare.rosetta import question, tables

    answer(lambda output: question.ask(settings, output), tables.show, how, settings.threads)


@app.command()
@takes_settings("epochs", dtype="float32")
@gives_results
def look(
    settings: "Settings",
    how: How,
    image: options.Image = None,
    batch: options.Batch = None,
    epoch: options.Epoch = None,
) -> None:
    """Every line of the network as a picture, forward and backward, in all three: a page to step through.

    Example: python -m compare look --image 7 --epoch 3
    """
    from compare.look import page, question, tables

    answer(
        lambda output: question.ask(settings, image, batch, epoch, output),
        tables.show, how, settings.threads, page.look_page,
    )  # fmt: skip


@app.command()
@takes_settings("preset", "epochs", *NETWORK, dtype="float32")
@gives_results
def hidden(
    settings: "Settings",
    how: How,
    name: options.Name = None,
    everything: options.All = False,
) -> None:
    """What frameworks hide: one measured experiment each. Without a NAME, the list of them.

    Example: python -m compare hidden fused-loss
    """
    from compare.hidden import question, tables

    answer(lambda output: question.ask(settings, output, name, everything), tables.show, how, settings.threads)


@app.command()
@takes_settings("preset", "epochs", *NETWORK, dtype="float32")
@gives_results
def exercises(
    settings: "Settings",
    how: How,
    number: options.Number = None,
    epochs: options.OwnEpochs = None,
) -> None:
    """The chapter's exercises, in all three. Without a number the questions; the answer comes with the number.

    Example: python -m compare exercises 2
    """
    from compare.exercises import question, tables

    answer(lambda output: question.ask(number, settings, epochs, output), tables.show, how, settings.threads)


@app.command()
@gives_results
def check(
    file: options.File,
    how: How,
    definitions: options.Definitions = False,
    train: options.Train = False,
    python: options.Python = None,
    time_limit: options.TimeLimit = 60.0,
    data: options.Data = None,
    seed: options.Seed = 0,
    threads: options.Threads = 1,
) -> None:
    """Your own network, by hand or in PyTorch, run and judged: which line is wrong, and what was probably meant.

    Your program is run on this machine as you run it, in a process of its own
    and in a copy of its folder, until three of its updates have been seen;
    plots and prompts do nothing. With --train it is run again and watched until
    its time is over, and what keeps it from learning is named. Exit code 0:
    every gradient is right, and it learns; 1: a mistake was found; 2: it could
    not be judged.

    Example: python -m compare check my_network.py --train
    """
    from compare.check import page, question, tables

    answer(
        lambda output: question.ask(
            file, output, definitions=definitions, train=train, python=python, time_limit=time_limit, seed=seed,
            data=data, threads=threads,
        ),
        tables.show, how, threads, page.check_page,
    )  # fmt: skip


@app.command()
@takes_settings(*TRAINING, "dtype", *NETWORK, brings=True)
@gives_results
def bench(settings: "Settings", how: How) -> None:
    """Time and memory of a training step in each, against its matrix multiplies alone.

    Example: python -m compare bench --threads 2
    """
    from compare.bench import question, tables

    answer(lambda output: question.ask(settings, output), tables.show, how, settings.threads)
