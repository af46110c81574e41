"""The mutants that no test can kill, because they calculate the same: each with the reason. See `mutants.py`."""

BY_HAND, ELEMENTWISE, REDUCTIONS = "manual/network.py", "autograd/elementwise.py", "autograd/reductions.py"
LOSSES, OPERATION, PRODUCTS, TAPE = (f"autograd/{name}.py" for name in ("losses", "operation", "products", "tape"))

OVER_NO_AXIS = "then it sums over no axis"
NO_ENTRIES = "without entries in y there are none in x"
FLOAT_TOO = "a float, too"
SLOWER = "a copy too many is only slower"
SHARED = "share is gradient or share.base is not None"
FINITE = "np.where(np.isfinite(peak), peak, 0)"

#: (file, function, change): the reason
EQUIVALENT = {
    (file, function, f"{before} -> {after}"): reason
    for file, function, before, after, reason in (
        (BY_HAND, "Network.backward", "a3.dtype", "a1.dtype", "all arrays have one dtype"),
        ("manual/functions.py", "sigmoid", "z >= 0", "z > 0", "at z = 0 both branches are exp(0)"),
        (ELEMENTWISE, "sigmoid", "x >= 0", "x > 0", "at x = 0 both branches are exp(0)"),
        (REDUCTIONS, "prod", "np.where(zero, 1, x)", "np.where(zero, 2, x)", "a stand-in that cancels"),
        (REDUCTIONS, "mean", "y.size or 1", "y.size or 2", NO_ENTRIES),
        (REDUCTIONS, "var", "y.size or 1", "y.size or 2", NO_ENTRIES),
        (REDUCTIONS, "std", "y.size or 1", "y.size or 2", NO_ENTRIES),
        (REDUCTIONS, "logsumexp", FINITE, FINITE.replace("0", "1"), "infinity less 1 is infinity"),
        (REDUCTIONS, "largest", "np.result_type(x, 1.0)", "np.result_type(x, 2.0)", FLOAT_TOO),
        (REDUCTIONS, "largest", "np.result_type(x, 1.0)", "np.result_type(x, 0.0)", FLOAT_TOO),
        ("autograd/shaping.py", "flatten", "-1", "-2", "NumPy reads any negative number as what is left"),
        (PRODUCTS, "einsum", "np.eye(n, dtype=g.dtype)", "np.eye(n)", "the tape gives the dtype of the input"),
        (PRODUCTS, "einsum", "letter in target", "letter not in target", "a unit matrix may rename any axis"),
        (LOSSES, "nll_loss", "plain(log_probabilities)", "log_probabilities", "a tensor has ndim and shape"),
        (LOSSES, "nll_loss", "plain(labels)", "labels", "NumPy takes a tensor of integers for an array"),
        (OPERATION, "unbroadcast", "g.ndim > len(shape)", "g.ndim >= len(shape)", OVER_NO_AXIS),
        (OPERATION, "unbroadcast", "g.ndim > len(shape)", "g.ndim > len(shape) - 1", OVER_NO_AXIS),
        (TAPE, "backward", "False", "True", "Tensor.backward always says which"),
        (TAPE, "backward", f"parent.keeps_grad and ({SHARED})", f"parent.keeps_grad or ({SHARED})", SLOWER),
        (TAPE, "backward", f"parent.keeps_grad and ({SHARED})", "parent.keeps_grad", SLOWER),
        (TAPE, "backward", f"parent.keeps_grad and ({SHARED})", SHARED, SLOWER),
    )
}
