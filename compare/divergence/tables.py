"""What `divergence` shows in the terminal."""

from compare.divergence.answer import Divergence
from compare.shared.terminal import print_table, print_text
from compare.worlds import spoken


def show(answer: Divergence) -> None:
    """The verdict, a table and the reasons, on stdout."""
    print_text(answer.verdict)
    print_text("")
    steps = len(answer.growths[0].difference_by_step)
    print_table(
        f"Two trainings in lock-step, {answer.settings.dtype}: the largest difference of any weight",
        ("pair", "before\na jump", "after it", "at step", f"after\n{steps:,} steps", "steps with\na flip"),
        [
            (
                spoken(growth.name),
                f"{max(growth.quiet, default=0.0):.1e}",
                f"{growth.first_jump.after:.1e}" if growth.first_jump else "-",
                f"{growth.first_jump.step:,}" if growth.first_jump else "-",
                f"{growth.difference_by_step[-1]:.1e}",
                f"{len(growth.flip_steps):,}",
            )
            for growth in answer.growths
        ],
    )
    print_text("jump: far more growth in one step than before; flip: a ReLU that is on in one of the two only.\n")
    for reason in answer.account.reasons:
        print_text(reason)
