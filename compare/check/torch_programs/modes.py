"""Whether dropout and batch norm are at work: in the training, and in evaluations."""

from typing import Any

from compare.check.recording.graph import Place
from compare.check.torch_programs.seen import Tensor

NOISE = ("dropout", "batch_norm", "alpha_dropout", "feature_dropout")
REMEMBERED = 10  # inputs of evaluations


class Modes:
    """evaluated: forward passes without gradients, each with whether there was noise in it; eval_calls: of `eval()`.

    noise_on: whether a dropout was at work in the training; noise_off_after_on: and in a later step no more.
    """

    def __init__(self) -> None:
        self.evaluated: list[tuple[Place | None, bool]] = []
        self.eval_calls: list[Place | None] = []
        self.noise_on, self.noise_off_after_on = False, False
        self._pass_noise: bool | None = None  # in the forward pass that runs, if it is without gradients
        self._inputs: list[Tensor] = []  # of evaluations since the last backward pass

    def saw(self, name: str, noise: bool, with_gradients: bool) -> None:
        """A layer runs in a module. noise: whether it is at work."""
        if name in ("dropout", "alpha_dropout") and with_gradients:
            self.noise_off_after_on |= self.noise_on and not noise
            self.noise_on |= noise
        if name in ("dropout", "batch_norm") and not with_gradients:
            self._pass_noise = bool(self._pass_noise) or noise

    def forward_ends(self, called: Place | None, given: Tensor) -> None:
        """The outermost module returns. The same input again and again is a mean over dropouts, and meant."""
        noise, self._pass_noise = self._pass_noise, None
        if noise is None:
            return
        again = given is not None and any(x is given for x in self._inputs)
        if again and noise:
            self.evaluated = [(place, noisy and place != called) for place, noisy in self.evaluated]
        else:
            self.evaluated.append((called, noise))
        if len(self._inputs) < REMEMBERED:
            self._inputs.append(given)

    def backward(self) -> None:
        """The training goes on."""
        self._inputs.clear()


def is_noise(name: str, options: dict[str, Any]) -> bool:
    """Whether an operation is a dropout or a batch norm that is at work."""
    return name in NOISE and bool(options.get("training", name != "batch_norm")) and options.get("p", 0.5) != 0
