"""The question that each command answers: the title of its page, and what the README's table says of it."""

from collections.abc import Sequence

QUESTIONS = {
    "run": "Are the three the same network?",
    "parity": "Do they compute the same gradients?",
    "parity --dtype bfloat16": "Is PyTorch's autocast, alone, within what its shorter roundings can do?",
    "parity --mutants": "Would it notice?",
    "curves": "Do they train alike?",
    "divergence": "Where and why do two trainings part, in float32?",
    "look": "What does each line of the network look like?",
    "rosetta": "Which node of the engine, which of PyTorch, is this line of mine?",
    "hidden": "What does a framework hide?",
    "bench": "What does a step cost, in time and memory, beside its matrix multiplies alone?",
}


def question_of(typed: Sequence[str]) -> str:
    """What a command asks, by its words: that of the longest entry whose words are all among them."""
    known = [name for name in QUESTIONS if set(name.split()) <= set(typed)]
    return QUESTIONS[max(known, key=len)] if known else typed[0]
