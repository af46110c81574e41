"""What `exercises` shows in the terminal."""

from compare.exercises.answer import FILES, Answered, Questions, exercise
from compare.shared.terminal import print_table, print_text


def show(answer: Questions | Answered) -> None:
    """The questions alone, or one with its answer, on stdout."""
    if isinstance(answer, Questions):
        show_questions()
    else:
        show_answered(answer)


def show_questions() -> None:
    """The questions, on stdout."""
    for number in FILES:
        print_text(f"{number}. {exercise(number).QUESTION}\n")
    print_text(
        "Try each first: change one thing and predict what will happen. Then ask for the answer, for example: "
        "python -m compare exercises 1. It takes a minute."
    )


def show_answered(answer: Answered) -> None:
    """The question and its answer, the tables that it comes from, and the reasons, on stdout."""
    print_text(f"Exercise {answer.number}. {exercise(answer.number).QUESTION}")
    print_text("")
    print_text(answer.answer)
    print_text("")
    for table in answer.conclusion.tables:
        print_table(table.title, table.header, table.rows)
    print_text(answer.why)
