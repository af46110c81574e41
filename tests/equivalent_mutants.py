"""The mutants that no test can kill, because they calculate the same: each with the reason. See `mutants.py`."""

BY_HAND, ELEMENTWISE, REDUCTIONS = "manual/network.py", "autograd/elementwise.py", "autograd/reductions.py"
OPERATION, PRODUCTS, TAPE = (f"autograd/{name}.py" for name in ("operation", "products", "tape"))

OVER_NO_AXIS = "then it sums over no axis"
NO_ENTRIES = "without entries in y there are none in x"
FLOAT_TOO = "a float, too"
SLOWER = "a copy too many is only slower"
SHARED = "share.base is not None or sys.getrefcount(share) > _ALONE"
FINITE = "np.where(np.isfinite(peak), peak, 0)"
SAID = "whoever calls it says which"
GENERAL_WAY = "the general way, below, comes to the same"
ARRAYS = "not any((isinstance(a, Tensor) for a in arguments))"
NUMBERS = "not any((hasattr(a, 'dtype') for a in arguments))"

#: (file, function, change): the reason
EQUIVALENT = {
    (file, function, f"{before} -> {after}"): reason
    for file, function, before, after, reason in (
        (BY_HAND, "Network.backward", "a3.dtype", "a1.dtype", "all arrays have one dtype"),
        ("manual/functions.py", "sigmoid", "z >= 0", "z > 0", "at z = 0 both branches are exp(0)"),
        (ELEMENTWISE, "sigmoid", "x >= 0", "x > 0", "at x = 0 both branches are exp(0)"),
        (ELEMENTWISE, "leaky_relu", "x > 0", "x >= 0", "in the value: at x = 0 both branches are 0"),
        (REDUCTIONS, "mean", "y.size or 1", "y.size or 2", NO_ENTRIES),
        (REDUCTIONS, "var", "y.size or 1", "y.size or 2", NO_ENTRIES),
        (REDUCTIONS, "std", "y.size or 1", "y.size or 2", NO_ENTRIES),
        (REDUCTIONS, "_logsumexp", FINITE, FINITE.replace("0", "1"), "infinity less 1 is infinity"),
        (REDUCTIONS, "_largest", "np.result_type(x, 1.0)", "np.result_type(x, 2.0)", FLOAT_TOO),
        (REDUCTIONS, "_largest", "np.result_type(x, 1.0)", "np.result_type(x, 0.0)", FLOAT_TOO),
        ("autograd/shaping.py", "flatten", "-1", "-2", "NumPy reads any negative number as what is left"),
        (PRODUCTS, "einsum", "True", "False", "nobody looks at it"),
        (OPERATION, "operation", "arguments.append(i)", "pass", GENERAL_WAY),
        (OPERATION, "operation", f"level < 0 and ({NUMBERS})", NUMBERS, "where a gradient flows there is an array"),
        (OPERATION, "operation", f"level == 0 or {ARRAYS}", f"level == 0 and ({ARRAYS})", GENERAL_WAY),
        (TAPE, "unbroadcast", "g.ndim > len(shape)", "g.ndim >= len(shape)", OVER_NO_AXIS),
        (TAPE, "unbroadcast", "g.ndim > len(shape)", "g.ndim > len(shape) - 1", OVER_NO_AXIS),
        (TAPE, "gradients", "False", "True", SAID),
        (TAPE, "backward", "False", "True", SAID),
        (TAPE, "gradients", f"parent.keeps_grad and ({SHARED})", f"parent.keeps_grad or ({SHARED})", SLOWER),
        (TAPE, "gradients", f"parent.keeps_grad and ({SHARED})", "parent.keeps_grad", SLOWER),
        (TAPE, "gradients", f"parent.keeps_grad and ({SHARED})", SHARED, SLOWER),
    )
}
