"""One process of those that train beside each other: see `jobs.py`.

Run as `python -m compare.shared.jobs_worker`. It reads jobs on stdin, a JSON object a line, trains each, and says on
stdout, a JSON object a line, how far it is and when it is done. The curve is left in a file.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from compare.shared.dataset import load_mnist
from compare.shared.jobs import from_request, write_curve
from compare.shared.threads import use_threads
from compare.shared.training import Digits, TrainingStopped
from compare.worlds import TORCH_REF

OFTEN = 0.1  # seconds between two words of how far it is


def main() -> None:
    """Train what is asked for until there is no more."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what else is printed must not be taken for an answer
    digits: dict[Any, Digits] = {}

    def say(**said: Any) -> None:
        print(json.dumps(said), file=answers, flush=True)

    for line in sys.stdin:
        request = json.loads(line)
        job = from_request(request)
        key = job.settings.data, job.settings.dtype
        if key not in digits:
            digits.clear()  # one set at a time: in float64 it takes some 400 MB
            digits[key] = Digits.of(load_mnist(job.settings.data), job.settings)
        untold, told = 0, time.monotonic()

        def advance(steps: int = 1, status: str = "") -> None:
            nonlocal untold, told
            untold += steps
            if status or time.monotonic() - told > OFTEN:
                say(steps=untold, status=status)
                untold, told = 0, time.monotonic()

        try:
            with use_threads(job.settings.threads, in_pytorch=job.implementation == TORCH_REF):
                curve = job.run(digits[key], advance)
        except TrainingStopped as stopped:
            say(stopped=[stopped.implementation, stopped.step, stopped.epoch, stopped.line])
            continue
        write_curve(curve, Path(request["curve"]))
        say(steps=untold, status="")
        say(done=request["place"], curve=request["curve"])


if __name__ == "__main__":
    main()
