"""The loop around the derivatives: evaluations in the wrong mode, and losses that are kept with their graphs."""

from collections.abc import Iterator

from compare.check.torch_programs.mistakes.mistake import Mistake
from compare.check.torch_programs.watch import TorchWatch

EXPLANATIONS = {
    "loss-kept-with-graph": "The loss is kept as a tensor, and with it the whole graph that led to it: memory grows "
    "with every step. Its number is enough.",
    "evaluation-in-train-mode": "The model is evaluated while it is in training mode: its dropout or batch norm is "
    "still at work, so that the result depends on chance or on the rest of the batch, and is worse.",
    "evaluation-mode-kept": "The model was put into evaluation mode and never back: from the first evaluation on it "
    "trains without its dropout.",
}


def in_losses_kept(watch: TorchWatch) -> Iterator[Mistake]:
    """Losses that hold the graphs behind them."""
    for how, place in watch.kept.where.items():
        evidence = (
            "After several steps every loss of before was still there, in a list, each with its graph."
            if how == "list" else "The sum that is kept over the steps has the graphs of all of them behind it."
        )  # fmt: skip
        yield Mistake("loss-kept-with-graph", place, evidence, corrected="loss.item() in the place of the loss")


def in_modes(watch: TorchWatch) -> Iterator[Mistake]:
    """Dropout or batch norm at work where they should not be, or not where they should."""
    modes = watch.modes
    noisy = [place for place, noise in modes.evaluated if noise]
    if noisy:
        yield Mistake(
            "evaluation-in-train-mode", noisy[0],
            "A forward pass without gradients was made while the model's training was on.",
            corrected="model.eval() before the evaluation, model.train() after it",
        )  # fmt: skip
    if modes.noise_off_after_on and modes.eval_calls:
        yield Mistake(
            "evaluation-mode-kept", modes.eval_calls[-1],
            "The dropout was at work in the first steps, and not in a step after eval() was called.",
            corrected="model.train() when the evaluation is over",
        )  # fmt: skip
