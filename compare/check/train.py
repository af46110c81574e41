"""Right gradients, and yet it does not learn: trained in our loop beside the reference, and told apart by experiment.

The reference (`manual`) is trained on the same batches three times: as the learner's network is; from He's initial
weights; and with a learning rate that is known to work. What heals it names the cause.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compare.check.apart import Answer, run_in_child
from compare.shared.dataset import CLASSES, load_mnist, pixels
from compare.shared.errors import BadInput
from compare.shared.implementations import build
from compare.shared.initial import initial_parameters
from compare.shared.terminal import Advance, progress

STEPS, ROWS, IMAGES = 600, 64, 12800
GOOD_RATE = 0.1
CHANCE = float(np.log(CLASSES))  # the loss of a network that gives every class the same probability
LEARNT = 0.6 * CHANCE
LAST = 50  # steps whose mean loss counts as what a training has reached


@dataclass(frozen=True)
class Finding:
    """A reason why it does not learn, with what was measured."""

    name: str
    explanation: str
    evidence: str


@dataclass(frozen=True)
class Training:
    """Their training beside the reference's. losses: by name, the loss that each has reached; findings: the reasons."""

    losses: dict[str, float]
    findings: list[Finding]
    notes: list[str]

    @property
    def holds(self) -> bool:
        """Whether it learns."""
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"losses": self.losses, "findings": [vars(f) for f in self.findings], "notes": self.notes}


def train(
    file: Path, name: str | None, layout: dict[str, Any], own: dict[str, np.ndarray], activation: str,
    *, data: Path | None, seed: int, time_limit: float,
) -> Training:  # fmt: skip
    """Train them. own: their initial weights in our layout. Raises BadInput where that cannot be done."""
    if activation == "tanh":
        raise BadInput("--train has a reference for relu and sigmoid, and this network uses tanh.")
    digits = load_mnist(data)
    if own["W1"].shape[0] != digits.train_images.shape[1]:
        raise BadInput(
            f"{file} takes {own['W1'].shape[0]} pixels, and the images of {digits.name} have "
            f"{digits.train_images.shape[1]}. --train needs a network for these."
        )
    x, labels = digits.train_images[:IMAGES], digits.train_labels[:IMAGES]
    batches = np.random.default_rng((seed, 2)).integers(0, len(x), (STEPS, min(ROWS, len(x))))
    with progress("trainings", 5) as advance:
        answer = _theirs(file, name, layout, x, labels, batches, seed, time_limit)
        advance()
        return _judge(answer, own, activation, pixels(x, "float64"), labels, batches, advance)


def _theirs(
    file: Path, name: str | None, layout: dict[str, Any], x: np.ndarray, labels: np.ndarray, batches: np.ndarray,
    seed: int, time_limit: float,
) -> Answer:  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        path = Path(folder) / "train.npz"
        np.savez(path, x=x, labels=labels, batches=batches)
        return run_in_child(file, name, seed=seed, time_limit=time_limit, train={**layout, "data": str(path)})


def _judge(
    answer: Answer, own: dict[str, np.ndarray], activation: str, x: np.ndarray, labels: np.ndarray,
    batches: np.ndarray, advance: Advance,
) -> Training:  # fmt: skip
    content, rate = answer.content, float(answer.content["learning_rate"])
    own = {name: np.asarray(value, dtype=np.float64) for name, value in own.items()}
    sizes = [own["W1"].shape[0], *(value.size for name, value in own.items() if name[0] == "b")]
    he = initial_parameters(sizes, "he", seed=0)

    def reference(parameters: dict[str, np.ndarray], learning_rate: float) -> float:
        reached = _reference(parameters, activation, x, labels, batches, learning_rate)
        advance()
        return reached

    theirs = _reached(content["losses"])
    losses = {"yours": theirs, "reference, as yours": reference(own, rate)}
    notes = [] if content["learning_rate_said"] else [f"The file names no learning rate; {rate:g} was used."]
    findings = _in_their_own_training(content["watched"], notes)
    if theirs >= LEARNT:
        losses |= {
            "reference, He's initial weights": reference(he, rate),
            f"reference, learning rate {GOOD_RATE:g}": reference(own, GOOD_RATE),
            "reference, both": reference(he, GOOD_RATE),
        }
        if content["moved"] == 0:
            findings.append(_never_updated(theirs))
        else:
            findings += _weights_or_rate(losses, own, activation, x, content["losses"][0], rate)
    return Training(losses, findings, notes)


def _reference(
    parameters: dict[str, np.ndarray],
    activation: str,
    x: np.ndarray,
    labels: np.ndarray,
    batches: np.ndarray,
    rate: float,
) -> float:
    network, losses = build("manual", parameters, activation), []
    with np.errstate(all="ignore"):
        for rows in batches:
            losses.append(network.step(x[rows], labels[rows], rate))
    return _reached(losses)


def _reached(losses: list[float]) -> float:
    mean = float(np.mean(losses[-LAST:]))
    return mean if np.isfinite(mean) else float("inf")


def _never_updated(theirs: float) -> Finding:
    return Finding(
        "update-forgotten", "The weights never change: backward computes gradients, and nothing subtracts them.",
        f"After {STEPS} steps no weight has moved at all; the loss is {theirs:.4f}.",
    )  # fmt: skip


def _weights_or_rate(
    losses: dict[str, float], own: dict[str, np.ndarray], activation: str, x: np.ndarray,
    first: float, rate: float,
) -> list[Finding]:  # fmt: skip
    same, he, good, both = list(losses.values())[1:]
    if same < LEARNT:
        return [Finding(
            "not-the-network", "The reference learns from the same weights with the same batches, and this network "
            "does not, though its gradients are right. Look at what changes between two calls.",
            f"Yours has reached {losses['yours']:.4f} and the reference {same:.4f}.",
        )]  # fmt: skip
    spread = float(build("manual", own, activation).logits(x[:500]).std())
    healed_by_weights, healed_by_rate = he < LEARNT, good < LEARNT
    findings = []
    if healed_by_weights or (not healed_by_rate and both < LEARNT):
        layer, ratio = _farthest_from_he(own)
        large = ratio > 1
        findings.append(Finding(
            "weights-too-large" if large else "weights-too-small",
            "The initial weights are too large: the scores are far apart before anything is learnt, and the first "
            "steps leap." if large else
            "The initial weights are too small: all scores are nearly equal, every class has probability 1/10, and "
            "next to nothing flows back through W. The loss stays on a plateau at ln 10 = 2.30 for a long time.",
            f"{layer} is {ratio:.2g} times as large as He's. "
            f"At the start the scores spread by {spread:.2g} and the loss is {first:.4f} (ln 10 = "
            f"{CHANCE:.4f}). From He's initial weights, np.random.randn(fan_in, fan_out) * "
            "np.sqrt(2 / fan_in), the reference gets to "
            f"{he if healed_by_weights else both:.4f}; from yours to {same:.4f}.",
        ))  # fmt: skip
    if (healed_by_rate or (not healed_by_weights and both < LEARNT)) and rate != GOOD_RATE:
        small = rate < GOOD_RATE
        findings.append(Finding(
            f"learning-rate-too-{'small' if small else 'large'}",
            "The steps are too small to get anywhere in this time." if small else
            "The steps are too large: each leaps over the valley that it should go down into.",
            f"With {rate:g} the reference gets to {same:.4f} in {STEPS} steps, with {GOOD_RATE:g} to "
            f"{good if healed_by_rate else both:.4f}.",
        ))  # fmt: skip
    return findings or [Finding(
        "too-slow", "It learns neither from other initial weights nor with another learning rate in so few steps.",
        f"After {STEPS} steps the best of them has reached {min(he, good, both):.4f}; ln 10 = {CHANCE:.4f}.",
    )]  # fmt: skip


def _farthest_from_he(own: dict[str, np.ndarray]) -> tuple[str, float]:
    """The weights whose size differs most from sqrt(2 / fan_in), and how many times that they are."""
    ratios = {n: float(W.std() / np.sqrt(2 / len(W))) for n, W in own.items() if n[0] == "W"}
    layer = max(ratios, key=lambda n: abs(np.log(max(ratios[n], 1e-300))))
    return layer, ratios[layer]


def _in_their_own_training(watched: dict[str, Any] | None, notes: list[str]) -> list[Finding]:
    """What the file's own training function feeds its network."""
    if watched is None:
        notes.append(
            "The file has no function like train(network, x, y), so how it scales its pixels and shuffles was not "
            "seen. It was trained here on pixels in [0, 1], each with its own label."
        )
        return []
    where = f"`{watched['function']}`, line {watched['line']}"
    if watched.get("error"):
        notes.append(f"{where} was tried on digits, and stopped with {watched['error']}.")
    findings = []
    if watched["largest"] > 2:
        findings.append(Finding(
            "pixels-not-scaled", "The pixels reach the network as 0 to 255. Divide by 255: x = x / 255.",
            f"{where}: the largest pixel that forward was given is {watched['largest']:g}.",
        ))  # fmt: skip
    if watched["rows"] and watched["strangers"] > watched["rows"] / 10:
        findings.append(Finding(
            "labels-shuffled", "The images are shuffled without their labels (or the other way round). Use one "
            "permutation for both: order = np.random.permutation(len(x)); x, y = x[order], y[order].",
            f"{where}: {watched['strangers']:,} of {watched['rows']:,} images came with another image's label.",
        ))  # fmt: skip
    if watched["forward"] and not watched["backward"]:
        findings.append(_forgotten(where, f"forward was called {watched['forward']} times, and backward never."))
    elif watched["backward"] and watched["moved"] == 0:
        findings.append(_forgotten(where, f"after {watched['backward']} calls of backward no weight has moved."))
    return findings


def _forgotten(where: str, seen: str) -> Finding:
    return Finding("update-forgotten", "The training never changes the weights.", f"{where}: {seen}")
