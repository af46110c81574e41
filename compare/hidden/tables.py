"""What `hidden` shows in the terminal."""

from compare.hidden.answer import Answers, Listing, Told
from compare.shared.terminal import print_table, print_text


def show(answer: Listing | Answers) -> None:
    """The list of experiments, or what some of them found, on stdout."""
    if isinstance(answer, Listing):
        show_listing(answer)
    else:
        show_answers(answer)


def show_listing(answer: Listing) -> None:
    """Names and questions, on stdout."""
    print_table("", ("experiment", "question"), list(answer.questions.items()))
    print_text("Run one with `python -m compare hidden NAME`, or every one with `python -m compare hidden --all`.")


def show_answers(answer: Answers) -> None:
    """Each experiment in full and, of several, the table of their answers, on stdout."""
    for one in answer.told:
        show_told(one)
    if len(answer.told) > 1:
        rows = [
            (one.name, "yes" if one.finding.holds else "NO", f"{one.seconds:.1f}", one.finding.answer)
            for one in answer.told
        ]
        print_table("", ("experiment", "holds", "seconds", "answer"), rows)
        print_text(f"{sum(one.finding.holds for one in answer.told)} of {len(answer.told)} claims hold.")


def show_told(told: Told) -> None:
    """The question, its answer and what to take from it, on stdout."""
    print_text(f"{told.name}: {told.question}\n\n{told.finding.answer}\n\n{told.finding.lesson}\n")
    if not told.finding.holds:
        print_text(f"The claim does not hold here: {told.claim}\n")
