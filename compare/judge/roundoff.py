"""The arithmetic that a calculation is run in, and the longer one that judges it: unit roundoffs, underflow, g(n)."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Arithmetic:
    """The run's arithmetic, and the one that judges.

    dtype, u: of the run, and its unit roundoff; tiny: the most that an underflow costs; longer, longer_u: the same of
    the judge. What the judge itself rounds is part of every radius, so that nothing rests on its being much longer:
    where long double is no longer than float64 (macOS on Arm, Windows), float64 judges float64, and every radius is
    twice as wide. short_u: the unit roundoff of what goes into a matrix product and comes out of it, where that is
    shorter than the run, as under autocast; its sum is the run's. ties: on which side of a constant a number counts
    that meets it exactly, as a ReLU's 0 does: 1 above, 0 below, None as the function has it.
    """

    dtype: np.dtype[Any]
    u: float
    tiny: float
    longer: Any
    longer_u: float
    short_u: float = 0.0
    ties: int | None = None

    @staticmethod
    def of(dtype: Any) -> "Arithmetic":
        """A run in float32, judged in float64, or float64, judged in long double. Raises TypeError for another."""
        dtype = np.dtype(dtype)
        judges: dict[Any, Any] = {np.dtype(np.float32): np.float64, np.dtype(np.float64): np.longdouble}
        longer = judges.get(dtype)
        if longer is None:
            raise TypeError(f"Gradients are judged in float32 and float64, not in {dtype}: convert the arguments.")
        limits = np.finfo(dtype)
        # what is judged may have flushed an underflow of its own, and so may the judge
        tiny = float(limits.tiny) + float(np.finfo(np.float64).tiny)
        return Arithmetic(dtype, float(limits.eps) / 2, tiny, longer, float(np.finfo(longer).eps) / 2)

    @staticmethod
    def under_autocast() -> "Arithmetic":
        """A run in float32 whose matrix products take and give bfloat16, of 8 bits, and add up in float32."""
        return replace(Arithmetic.of(np.float32), short_u=2.0**-8)

    @property
    def likely_u(self) -> float:
        """The two unit roundoffs together, as independent errors add up."""
        return math.hypot(self.u, self.longer_u)

    def g(self, n: Any) -> Any:
        """n u / (1 - n u), for the run and the longer arithmetic together (Higham, Lemma 3.1); infinite if n u >= 1."""
        nu, reference = np.asarray(n, np.float64) * self.u, np.asarray(n, np.float64) * self.longer_u
        with np.errstate(divide="ignore"):
            return np.where(nu < 1, nu / np.maximum(1 - nu, 0), np.inf) + reference / (1 - reference)
