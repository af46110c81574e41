"""Threads, and what comes with setting them."""

import json
import subprocess
import sys

#: A gradient and then a step in PyTorch, after use_threads: what is loaded after each, and the loss before the step.
STEP = """
import json, sys
import numpy as np
from compare.shared.initial import initial_parameters
from compare.shared.threads import use_threads
from compare.worlds import build

with use_threads(1):
    net = build("torch_ref", initial_parameters((6, 5, 4, 3), "he"))
    batch = np.ones((2, 6)), np.array([0, 1])
    loss = float(net.trace(*batch)["loss"])
    loaded = ["torch._dynamo" in sys.modules]
    losses = [net.step(*batch, 0.1) for _ in range(2)]
    loaded.append("torch._dynamo" in sys.modules)
print(json.dumps({"loaded": loaded, "losses": [loss, *losses]}))
"""


def test_pytorchs_compiler_is_loaded_with_the_first_step_and_not_with_the_optimizer_that_takes_it():
    done = subprocess.run([sys.executable, "-c", STEP], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said["loaded"] == [False, True]
    gradient, first, second = said["losses"]
    assert gradient == first > second
