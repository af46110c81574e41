"""What decides the last bits of a result besides its settings: versions, processor, BLAS kernels, threads."""

import os
import platform
import sys
from importlib.metadata import version
from typing import Any

import numpy as np  # noqa: F401 - its BLAS must be loaded to be asked
from threadpoolctl import threadpool_info


def environment(threads: int) -> dict[str, Any]:
    """Versions, processor, threads and BLAS as plain data, without names of folders or machines."""
    torch = sys.modules.get("torch")  # where no question needed it, its kernels did not matter
    return {
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "torch": version("torch"),
        "matplotlib": version("matplotlib"),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "threads": threads,
        "blas": blas(),
        "torch_kernels": torch.backends.cpu.get_cpu_capability() if torch else None,
        "environment_variables": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(("OPENBLAS_", "OMP_", "MKL_")) and name.isupper()
        },
    }


def blas() -> list[dict[str, Any]]:
    """Each BLAS library loaded, with the kernels that it picked for this processor."""
    wanted = ("internal_api", "version", "architecture", "threading_layer", "num_threads")
    return [
        {name: library[name] for name in wanted if name in library}
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]


def processor() -> str:
    """The processor's own name for itself, where the system tells it."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
