"""The chapter's exercises: without a number the questions, with one the answer, measured."""

from compare.exercises.answer import Answered, Questions, exercise
from compare.exercises.trained import Training, check_all, jobs_of, train_all
from compare.shared.dataset import load_mnist
from compare.shared.figures import save_figure
from compare.shared.jobs import about_how_long, steps_for
from compare.shared.output import Output
from compare.shared.settings import Settings
from compare.shared.terminal import announce, progress
from compare.shared.threads import use_threads
from compare.shared.training import Digits, TrainingStopped


def ask(number: int | None, settings: Settings, epochs: int | None, output: Output) -> Questions | Answered:
    """The questions, or, with a number, what that exercise asks for, trained.

    epochs: None for the exercise's own number. Raises BadInput for a set, an option or a folder that cannot be used.
    """
    if number is None:
        return Questions()
    asked = exercise(number)
    settings = settings.with_(epochs=asked.EPOCHS if epochs is None else epochs)
    output.open()
    data = load_mnist(settings.data)
    digits = Digits.of(data, settings)
    plans = asked.plan(settings)
    runs: list[Training] = []
    with use_threads(settings.threads):
        jobs, by_dtype = jobs_of(plans), {settings.dtype: digits}
        steps = steps_for(jobs, by_dtype)
        announce(
            f"Exercise {number}: {len(jobs)} trainings of {settings.epochs} epochs, {steps:,} steps, "
            f"{about_how_long(jobs, by_dtype)}."
        )
        try:
            with progress(f"exercise {number}", steps) as advance:
                train_all(plans, digits, runs, advance)
        except (KeyboardInterrupt, TrainingStopped):
            if runs:
                _save_runs(number, runs, output)
            raise
        with progress("gradients", sum(p.compared for p in plans)) as advance:
            agreements = check_all(plans, runs, data, advance)
        conclusion = asked.conclude(runs, digits)
        _save_runs(number, runs, output)
        save_figure(asked.draw(runs), output, f"exercise-{number}")
        return Answered(number, settings, runs, agreements, conclusion)


def _save_runs(number: int, runs: list[Training], output: Output) -> None:
    header = ("implementation", "seed", "hidden", "activation", "init", "epoch", "train_loss", "test_accuracy")
    rows = []
    for run in runs:
        s, curve = run.settings, run.curve
        about = (curve.implementation, s.seed, " ".join(map(str, s.widths)), s.activation, s.init)
        by_epoch = zip(curve.train_loss, curve.test_accuracy, strict=True)
        rows += [(*about, epoch, *values) for epoch, values in enumerate(by_epoch, start=1)]
    output.write_csv(f"exercise-{number}.csv", header, rows)
