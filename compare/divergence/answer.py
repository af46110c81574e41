"""How far each pair of trainings came apart in lock-step, and what made the difference jump."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.divergence.lockstep import Growth
from compare.divergence.verdict import main_pair
from compare.shared.account import Account
from compare.shared.settings import Settings


@dataclass(frozen=True)
class Divergence:
    """The answer. growths: of every pair, in the order named."""

    settings: Settings
    growths: list[Growth]
    labels: np.ndarray  # of the training set, (n,)
    account: Account

    kept_in = "results.json"

    @property
    def holds(self) -> bool:
        """Whether every pair's difference is explained."""
        return all(growth.holds for growth in self.growths)

    @property
    def verdict(self) -> str:
        """In two sentences."""
        return self.account.verdict

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it. At the top the main pair, as `main_pair` picks it; all of them under "pairs"."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "reasons": self.account.reasons,
            **self._growth_json(main_pair(self.growths)),
            "pairs": [self._growth_json(growth) for growth in self.growths] if len(self.growths) > 1 else None,
            "settings": {k: v for k, v in self.settings.as_json().items() if k != "epochs"},
        }

    def _growth_json(self, growth: Growth) -> dict[str, Any]:
        jump = growth.first_jump
        return {
            "pair": growth.name,
            "dtype": self.settings.dtype,
            "steps": len(growth.difference_by_step),
            "first_event": self._event_json(growth),
            "unexplained_jump_at_step": jump.step if jump and not jump.flips else None,
            "steps_with_a_flip": growth.flip_steps,
            "typical_growth_before": growth.typical_growth,
            "rounding_used": growth.rounding_used,
            "difference_by_step": growth.difference_by_step,
        }

    def _event_json(self, growth: Growth) -> dict[str, Any] | None:
        jump = growth.first_jump
        if jump is None or not jump.flips:
            return None
        first, *others = [
            {"layer": flip.layer, "unit": flip.unit, "image": flip.image, "label": int(self.labels[flip.image]),
             "preactivations": dict(zip(growth.pair, flip.preactivations, strict=True)), "upstream": flip.upstream}
            for flip in jump.flips
        ]  # fmt: skip
        return {
            "step": jump.step,
            **first,
            "others_in_the_step": others,
            "difference_before": jump.before,
            "difference_after": jump.after,
            "repeated_as_it_was": jump.as_it_was,
            "repeated_in_agreement": jump.in_agreement,
            "proven": jump.proven,
        }
