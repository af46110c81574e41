"""The same training with the same seed, machine and thread count gives the same bits; so does it in another process.

That a command leaves the same files when it is given again is in test_commandline.py.
"""

import json
import subprocess
import sys

#: The weights of a short training in each of the three, hashed, for each number of threads and each dtype.
HASHES = """
import hashlib, json
from pathlib import Path

from compare.shared.dataset import load_mnist
from compare.worlds import NAMES
from compare.shared.settings import Settings
from compare.shared.threads import use_threads
from compare.shared.training import Curve, Digits, train

def hashes(folder):
    found = {}
    for dtype in ("float32", "float64"):
        settings = Settings(data=Path(folder), dtype=dtype, init="he", batch_size=320, epochs=1)
        digits = Digits.of(load_mnist(settings.data), settings)
        for threads in (1, 2):
            for name in NAMES:
                curve = Curve(name)
                with use_threads(threads) as used:
                    train(curve, settings, digits, lambda *_: None)
                digest = hashlib.sha256(b"".join(array.tobytes() for array in curve.weights[-1].values()))
                found[f"{name}, {dtype}, {used} threads"] = digest.hexdigest()
    return found
"""


def test_trained_weights_are_the_same_to_the_bit_again_and_in_another_process(small_set):
    here = {}
    exec(HASHES, here)
    first, again = here["hashes"](small_set), here["hashes"](small_set)
    assert len(first) == 2 * 2 * 3
    assert (
        len({first[key] for key in first if "1 threads" in key and "float64" in key}) >= 2
    )  # PyTorch rounds elsewhere
    assert again == first
    code = f"{HASHES}\nprint(json.dumps(hashes({str(small_set)!r})))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(other.stdout) == first
