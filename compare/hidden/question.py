"""What does a framework hide? The experiments listed, one of them run, or all."""

import time
from typing import Any

from compare.hidden.answer import Answers, Listing, Outcome
from compare.hidden.frame import catalogue
from compare.hidden.frame.experiment import Experiment, NotMeasured
from compare.shared.errors import BadInput
from compare.shared.output import Output
from compare.shared.settings import Settings
from compare.shared.terminal import Advance, announce_wait, progress

#: Parts of the progress bar for each experiment: it takes a few of them as it works, and the rest when it is done.
PARTS = 12


def ask(settings: Settings, output: Output, name: str | None = None, everything: bool = False) -> Listing | Answers:
    """List the experiments, or run the one of that name or all, each leaving NAME.png, NAME.svg and NAME.json.

    Raises BadInput for an unknown name, and for a set, an option or a folder that cannot be used.
    """
    if name is not None and everything:
        raise BadInput(f"Both the experiment {name} and --all were asked for: leave one of them out.")
    if name is None and not everything:
        return Listing({known: catalogue.load(known).QUESTION for known in catalogue.NAMES})
    return _run(
        {known: catalogue.load(known) for known in (catalogue.NAMES if name is None else [name])}, settings, output
    )


def _run(experiments: dict[str, Experiment], settings: Settings, output: Output) -> Answers:
    """Measure one after the other; one that does not hold stops nothing."""
    from compare.shared.dataset import load_mnist
    from compare.shared.environment import environment
    from compare.shared.threads import use_threads
    from compare.shared.training import Digits

    output.open()
    digits = Digits.of(load_mnist(settings.data), settings)
    outcomes = []
    count = len(experiments)
    announce_wait(f"{count} experiments" if count > 1 else "This experiment", catalogue.seconds(experiments))
    with use_threads(settings.threads) as threads, progress("hidden", len(experiments) * PARTS) as advance:
        for name, experiment in experiments.items():
            one = _try(name, experiment, settings, digits, advance, output)
            about = {"settings": settings.as_json(), "environment": environment(threads)}
            output.write_json(f"{name}.json", {**one.as_json(), **about})
            outcomes.append(one)
    return Answers(outcomes)


def _try(
    name: str, experiment: Experiment, settings: Settings, digits: Any, advance: Advance, output: Output
) -> Outcome:
    """Measure, and draw what was measured."""
    import numpy as np

    from compare.shared.figures import save_figure

    done = 0

    def part(steps: int = 1, status: str = "") -> None:
        nonlocal done
        steps = min(steps, PARTS - done)
        done += steps
        advance(steps, f"{name} {status}".rstrip())

    begun = time.perf_counter()
    part(0)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is in the measurement, and judged there
        result = experiment.measure(settings, digits, part)
        finding = result if isinstance(result, NotMeasured) else experiment.judge(result)
    if not isinstance(result, NotMeasured):
        save_figure(experiment.draw(result), output, name)
    part(PARTS)
    return Outcome(name, experiment.QUESTION, experiment.CLAIM, finding, round(time.perf_counter() - begun, 3))
