"""Where and why do two trainings part? In lock-step to the first ReLU that is on in one and off in the other.

What counts as the event that made the difference jump is defined in `lockstep.py`. That it did so is
proven, not inferred from its timing: the same step is repeated from the same weights with that ReLU forced to agree.
The answer holds if rounding explains the difference up to the first jump, and a flip that jump; or if none occurs.
"""

from collections.abc import Sequence

from compare.divergence.answer import Divergence
from compare.divergence.figure import draw
from compare.divergence.lockstep import Growth, lockstep, pairs_of
from compare.divergence.verdict import judge_all, main_pair
from compare.shared.dataset import Dataset, load_mnist
from compare.shared.errors import BadInput
from compare.shared.figures import save_figure
from compare.shared.output import Output
from compare.shared.settings import MOST_STEPS, Settings, check_whole
from compare.shared.terminal import announce_wait, progress
from compare.shared.threads import use_threads
from compare.shared.training import Digits, TrainingStopped
from compare.shared.words import in_words
from compare.worlds import MANUAL, TORCH_REF, WORLDS

A_STEP = 2.4e-3  # seconds, about, of a training in lock-step, where every line is kept and compared


def ask(settings: Settings, pair: str | None, steps: int, output: Output) -> Divergence:
    """Train in lock-step and look for the event.

    pair: two or more of the settings' worlds, with commas between; None for by hand and PyTorch, or for by hand and
    whatever is not of the project. steps: how many, over as many epochs as they take. Raises
    BadInput for a set, an option or a folder that cannot be used.
    """
    growths = pairs_of(parse_names(pair, settings.worlds))
    check_whole("--steps", steps, least=1, most=MOST_STEPS)
    output.open()
    data = load_mnist(settings.data)
    digits = Digits.of(data, settings)
    with use_threads(settings.threads):
        try:
            worlds = len({name for growth in growths for name in growth.pair})
            announce_wait(f"{steps:,} steps of {in_words(worlds)} in lock-step", steps * worlds * A_STEP)
            with progress("lock-step", steps) as advance:
                lockstep(growths, settings, digits, steps, advance)
        except (KeyboardInterrupt, TrainingStopped):
            if growths[0].difference_by_step:
                save_growths(growths, settings, data, output)
            raise
        account = judge_all(growths, settings, data.train_labels)
        save_growths(growths, settings, data, output)
        return Divergence(settings, growths, data.train_labels, account)


def parse_names(text: str | None, known: Sequence[str]) -> list[str]:
    """Two or more of the known worlds from "manual,torch_ref". Raises BadInput for anything else."""
    if text is None:
        own = [name for name in known if name not in WORLDS]
        return [MANUAL, *(own or [TORCH_REF])]
    names = [name.strip() for name in text.split(",")]
    if len(names) < 2 or len(set(names)) < len(names) or not set(names) <= set(known):
        raise BadInput(
            f"--pair {text!r} does not name two implementations, or more, with commas between: they are "
            f"{', '.join(known)}. Write it like --pair {MANUAL},{TORCH_REF}."
        )
    return names


def save_growths(growths: Sequence[Growth], settings: Settings, data: Dataset, output: Output) -> None:
    """divergence.csv, and the figure as divergence.png and divergence.svg."""
    columns = [growth.difference_by_step for growth in growths]
    rows = ((step, *values) for step, values in enumerate(zip(*columns, strict=False), start=1))
    output.write_csv("divergence.csv", ("step", *(growth.name for growth in growths)), rows)
    save_figure(draw(growths, main_pair(growths), settings, data), output, "divergence")
