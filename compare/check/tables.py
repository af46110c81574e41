"""What `check` shows in the terminal: the verdict, what was understood, each mistake with the learner's own line."""

from compare.check.answer import Check, Document
from compare.check.words import kind_in_words, understood_in_words
from compare.shared.terminal import print_table, print_text


def show(answer: Check) -> None:
    """The verdict, what was understood, a row for each gradient, how the training went and the mistakes, on stdout."""
    print_text(f"{answer.verdict}\n")
    print_text(f"{answer.file.name}: {understood_in_words(answer.understood)}.")
    print_text(answer.ran)
    for note in answer.notes:
        print_text(f"{note.rstrip('.')}.")
    print_text("")
    if answer.lines:
        _print_gradients(answer)
    if answer.training is not None:
        _print_course(answer.training["course"])
    for number, diagnosis in enumerate(answer.diagnoses, start=1):
        _print_diagnosis(answer, number, diagnosis)


def _print_gradients(answer: Check) -> None:
    print_table(
        "Each gradient beside the exact one",
        ("line", "your line", "verdict"),
        [(v["line"], answer.place.place(v["source_line"]).removeprefix("line ") if v["source_line"] else "",
          "right" if v["holds"] else v["complaint"] or "wrong") for v in answer.lines],
    )  # fmt: skip


def _print_course(course: Document) -> None:
    """The training at some of the moments at which it was looked at."""
    at, last = course["at"], len(course["at"]) - 1
    chosen = sorted({round(last * (k / 6) ** 1.5) for k in range(7)})
    shares = course["shares"] or [None] * len(at)
    print_table(
        f"Its training, on {course['examples']:,} of its own examples",
        ("step", "loss of an example", "classified correctly"),
        [(f"{at[k]:,}", "not a number" if course["losses"][k] is None else f"{course['losses'][k]:.4f}",
          "" if shares[k] is None else f"{shares[k]:.1%}") for k in chosen],
    )  # fmt: skip


def _print_diagnosis(answer: Check, number: int, d: Document) -> None:
    name = kind_in_words(d["name"])
    title = name if d["line"] == "this line" else f"{d['line']}: {name}"
    print_text(f"{number}. {title}")
    if d["text"]:
        print_text(f"   {answer.place_of(d)}:  {d['text']}")
    for other in d["also"]:
        print_text(f"   also {answer.place_of(other)}:  {other['text']}")
    print_text(f"   {answer.place.in_words(d['explanation'])}")
    print_text(f"   {d['evidence']}")
    if d["corrected"]:
        print_text(f"   Try:  {d['corrected']}")
    print_text("")
