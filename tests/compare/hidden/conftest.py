"""A few small pictures that need no file, for tests of what an experiment measures."""

import functools

import numpy as np
import pytest

from compare.hidden.frame import catalogue
from compare.hidden.frame.experiment import NotMeasured
from compare.shared.dataset import load_mnist
from compare.shared.settings import Settings
from compare.shared.training import Digits


@pytest.fixture(scope="session")
def tiny_settings():
    """A network of 6 -> 5 -> 4 -> 10 in float64, batches of 8."""
    return Settings(widths=(5, 4), batch_size=8, init="he")


@pytest.fixture(scope="session")
def tiny():
    """40 pictures of 6 pixels, and their labels, at random."""
    random = np.random.default_rng(1)
    x, labels = random.uniform(size=(40, 6)), random.integers(0, 10, 40)
    return Digits(x, labels, x, labels)


@pytest.fixture(scope="session")
def quiet():
    """An `advance` that shows nothing."""

    def advance(steps=1, status=""):
        del steps, status

    return advance


@pytest.fixture(scope="session")
def finding_of(small_set, quiet):
    """Measures the experiment of that name on real digits, and judges that: once, for all who ask."""
    settings = Settings(data=small_set, dtype="float32")
    digits = Digits.of(load_mnist(small_set), settings)
    shorter = {"softmax-twice": ("STEPS", 480), "first-day": ("STEPS", 100)}  # test_bridge.py runs them whole

    @functools.cache
    def found(name):
        with pytest.MonkeyPatch.context() as patch:
            if name in shorter:
                patch.setattr(catalogue.load(name), *shorter[name])
            result = catalogue.load(name).measure(settings, digits, quiet)
        return result, result if isinstance(result, NotMeasured) else catalogue.load(name).judge(result)

    return found
