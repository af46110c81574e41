"""`python -m compare` many times over: each time in a process of its own, which has imported everything already.

Started by the fixture `command`. Reads one JSON document a line from stdin, and answers with the exit code. Each is a
copy (a fork) of this process, which does no work itself.
"""

import gc
import importlib
import io
import json
import os
import resource
import signal
import sys
import time

MODULES = (
    "compare.run.question compare.run.tables compare.run.page compare.curves.question compare.curves.tables "
    "compare.divergence.question compare.divergence.tables compare.parity.question compare.parity.tables "
    "compare.rosetta.question compare.rosetta.tables compare.hidden.question compare.hidden.tables "
    "compare.exercises.question compare.exercises.tables compare.check.question compare.check.tables "
    "compare.report.writing "
    "compare.commandline manual.network autograd.network torch_ref.network manual.deep autograd.deep torch_ref.deep "
    "matplotlib.backends.backend_agg matplotlib.backends.backend_svg matplotlib.font_manager PIL.PngImagePlugin "
    "torch._dynamo"  # which PyTorch loads with the first optimizer: a second and a half
)
LONGEST = 300  # seconds, then the process is ended: a test must not hang


def become(request, begun):
    """Turn this process, a copy, into `python -m compare`."""
    signal.alarm(LONGEST)
    os.chdir(request["folder"])
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    if request["largest_file"] is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing fails then, as on a disk that is full
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["largest_file"], resource.RLIM_INFINITY))
    sys.argv = ["compare", *request["arguments"]]
    from compare.__main__ import main

    os.write(begun, b".")
    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        # Without the tidying up, which would take a second: it would touch, and so copy, all there is.
        os._exit(end.code)


def draw_once():
    """Fonts are looked up when first something is drawn. PyTorch must not have worked yet: a copy of it would hang."""
    from compare.shared.figures import new_figure

    figure = new_figure()
    figure.subplots().set_title("$10^{-3}$")
    for kind in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=kind)


def main():
    for module in MODULES.split():
        importlib.import_module(module)
    draw_once()
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        has_begun, begun = os.pipe()
        child = os.fork()
        if not child:
            become(request, begun)
        os.read(has_begun, 1)
        if request["interrupt_after"] is not None:
            time.sleep(request["interrupt_after"])
            os.kill(child, signal.SIGINT)
        _, status = os.waitpid(child, 0)
        os.close(has_begun)
        os.close(begun)
        print(os.waitstatus_to_exitcode(status), flush=True)


main()
