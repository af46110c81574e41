"""The mistakes that have a name: a file a kind, with what each is called, why it is one, and how it shows in numbers.

A signature is a function of a wrong line that gives it a name, or None. They are asked in order, from the sure to the
general; the last one always answers.
"""

from collections.abc import Callable

from compare.check.saying.signatures import changed, derivatives, factors, kinds, products, slopes, sums
from compare.check.saying.signatures.wrong_line import Named, WrongLine

EXPLANATIONS = {
    **kinds.EXPLANATIONS, **factors.EXPLANATIONS, **changed.EXPLANATIONS, **products.EXPLANATIONS,
    **sums.EXPLANATIONS, **derivatives.EXPLANATIONS, **slopes.EXPLANATIONS,
    "unexplained": "{line} is not what it should be, and no known mistake gives these numbers.",
}  # fmt: skip

SIGNATURES: tuple[Callable[[WrongLine], Named | None], ...] = (
    kinds.of_a_kind, factors.wrong_factor, changed.overwritten, changed.updated, derivatives.held_constant,
    products.of_one_example, derivatives.lacking, products.turned, products.other_product, products.wrong_operand,
    sums.wrong_sum, sums.not_reset, sums.wrong_penalty, derivatives.wrong_derivative, derivatives.wrong_loss,
    derivatives.activation_of_error, lambda wrong: wrong.named("unexplained"),
)  # fmt: skip


def named(wrong: WrongLine) -> Named:
    """What a wrong line is called."""
    return next(found for signature in SIGNATURES if (found := signature(wrong)) is not None)
