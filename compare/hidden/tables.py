"""What `hidden` shows in the terminal."""

from compare.hidden.answer import Answers, Listing, Outcome
from compare.shared.terminal import print_table, print_text

HOLDS = {True: "yes", False: "NO", None: "not measured"}


def show(answer: Listing | Answers) -> None:
    """The list of experiments, or what some of them found, on stdout."""
    if isinstance(answer, Listing):
        show_listing(answer)
    else:
        show_answers(answer)


def show_listing(answer: Listing) -> None:
    """Names and questions, on stdout."""
    print_table("", ("experiment", "question"), list(answer.questions.items()))
    print_text("Run one with python -m compare hidden NAME, or all of them with python -m compare hidden --all.")


def show_answers(answer: Answers) -> None:
    """How many of several claims hold and which; then each experiment in full, on stdout."""
    if len(answer.outcomes) > 1:
        print_text(f"{answer.verdict}\n")
        rows = [(one.name, HOLDS[one.finding.holds], f"{one.seconds:.1f}") for one in answer.outcomes]
        print_table("", ("experiment", "holds", "seconds"), rows)
    for one in answer.outcomes:
        show_outcome(one)


def show_outcome(outcome: Outcome) -> None:
    """The question, its answer and what to take from it, on stdout."""
    print_text(f"{outcome.name}: {outcome.question}\n\n{outcome.finding.answer}\n\n{outcome.finding.lesson}\n")
    if outcome.finding.holds is False:
        print_text(f"The claim does not hold here: {outcome.claim}\n")
