"""Which style a file is written in, and what would make one that is not known work. Runs in the child."""

import ast
import inspect
import re
from collections.abc import Callable
from types import ModuleType

from compare.check.making import CannotJudge, Unchosen, named, own_functions
from compare.check.subjects import BACKWARD, FORWARD, ClassStyle, FunctionStyle, GradientsStyle, Subject

ADAPTER = '''def gradients(parameters, x, labels):
    """parameters: W1 (in, out), b1 (out,), ...; x: (m, in); labels: class numbers, (m,)."""
    network = YourNetwork()                       # however it is made
    for name, value in parameters.items():
        setattr(network, name, value)             # wherever it keeps W1, b1, ...
    y = np.eye(10)[labels]                        # one-hot, if yours wants it so
    output = network.forward(x)
    dW1, db1, dW2, db2 = network.backward(x, y, output)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}'''


def find_subject(module: ModuleType, tree: ast.Module, name: str | None) -> Callable[[], Subject]:
    """How to make the network that the file defines, anew each time. Raises CannotJudge with what was looked for."""
    classes = {
        n.name: getattr(module, n.name) for n in tree.body if isinstance(n, ast.ClassDef) if hasattr(module, n.name)
    }
    if name is not None:
        if not isinstance(classes.get(name), type):
            raise Unchosen(f"there is no class {name}; the classes here are: {', '.join(classes) or 'none'}")
        kind = classes[name]
        if not _is_network(kind):
            raise CannotJudge(f"the class {name} has no forward and backward methods{_found_instead([kind])}")
        return lambda: ClassStyle(kind)
    networks = [kind for kind in classes.values() if _is_network(kind)]
    with_weights = [kind for kind in networks if re.search(r"\b[Ww]1\b|weights", _source(kind))]
    networks = with_weights or networks
    if len(networks) > 1:
        choices = ", ".join(f"FILE:{kind.__name__}" for kind in networks)
        raise Unchosen(f"there are several networks here; say which one you mean: {choices}")
    if networks:
        return lambda: ClassStyle(networks[0])
    parts = own_functions(module)
    if "gradients" in parts:
        return lambda: GradientsStyle(module)
    if named(parts, BACKWARD) is not None:
        return lambda: FunctionStyle(module)
    raise CannotJudge(
        "there is no class with forward and backward, and no function like backward_prop or gradients"
        + _found_instead([kind for kind in classes.values() if isinstance(kind, type)])
    )


def _is_network(kind: type) -> bool:
    methods = dict(inspect.getmembers(kind, callable))
    by_hand = named(methods, FORWARD) is not None and named(methods, BACKWARD) is not None
    return by_hand or "gradients" in methods


def _found_instead(kinds: list[type]) -> str:
    """The classes that have methods, and which: perhaps their passes are only called something else."""
    found = []
    for kind in kinds:
        methods = [n for n, f in vars(kind).items() if inspect.isfunction(f) and not n.startswith("_")]
        if methods:
            listed = " and ".join([", ".join(methods[:-1]), methods[-1]] if methods[1:] else methods)
            found.append(f"class {kind.__name__} has {listed}")
    if not found:
        return ""
    return f"; {'; '.join(found)}: rename the two passes forward and backward, or add the adapter below"


def _source(kind: type) -> str:
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):
        return ""
