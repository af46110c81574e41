"""A file in PyTorch that only defines a model and a function that trains it: called, with random rows."""

import inspect
import re
from collections.abc import Callable
from typing import Any

Space = dict[str, Any]
ROWS, BATCHES, CLASSES = 32, 4, 10
#: What an argument of a training function is called -> what it is.
ROLES = {
    "model": r"(my_?)?(model|net|network|module)", "optimizer": r"opt(im(izer)?)?",
    "criterion": r"crit(erion)?|loss(_?(fn|func|function))?", "epochs": r"(n(um)?_?)?epochs?|n_?iters?|steps",
    "learning_rate": r"lr|learning_?rate|eta", "device": r"device",
    "batches": r"(train(ing)?_?)?(batches|(data_?)?loader|data|dl|iter(ator)?)",
}  # fmt: skip


def drive(space: Space, torch: Any, own: Callable[[Any], bool]) -> str | None:
    """Make a model, and train it with the learner's own function. What was called, in words; None if nothing can be.

    own: is a class or a function the learner's? Whatever the call raises goes through.
    """
    mine = {name: value for name, value in space.items() if own(value)}
    trainers = [(name, roles) for name, f in mine.items() if inspect.isfunction(f) and (roles := _roles(f))]
    for name, roles in trainers:
        for maker in sorted(mine, key=lambda other: not isinstance(mine[other], type)):
            if maker == name or _required(mine[maker]):
                continue
            try:
                model = mine[maker]()
            except Exception:
                continue
            if not isinstance(model, torch.nn.Module):
                continue
            wide = next((m.in_features for m in model.modules() if isinstance(m, torch.nn.Linear)), None)
            if wide is None or any("Conv" in type(m).__name__ for m in model.modules()):
                continue
            space["<called>"] = f"{name}({maker}(), ...), with random rows of {wide:,} numbers and {CLASSES} classes"
            mine[name](**{argument: _made(role, model, wide, torch) for argument, role in roles.items()})
            return str(space["<called>"])
    return None


def _required(function: Any) -> list[str]:
    """The arguments that have no default."""
    try:
        given = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ["?"]
    return [p.name for p in given if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _roles(function: Any) -> dict[str, str]:
    """The role of each argument that it needs, if it is a training function; {} if it is none."""
    found: dict[str, str] = {}
    for argument in _required(function):
        role = next((r for r, pattern in ROLES.items() if re.fullmatch(pattern, argument.lower())), None)
        if role is None:
            return {}
        found[argument] = role
    return found if {"model", "batches"} <= set(found.values()) else {}


def _made(role: str, model: Any, wide: int, torch: Any) -> Any:
    if role == "model":
        return model
    if role == "optimizer":
        return torch.optim.SGD(model.parameters(), lr=0.1)
    if role == "criterion":
        return torch.nn.CrossEntropyLoss()
    if role == "batches":
        rows = ROWS * BATCHES
        data = torch.utils.data.TensorDataset(torch.rand(rows, wide), torch.randint(0, CLASSES, (rows,)))
        return torch.utils.data.DataLoader(data, batch_size=ROWS)
    return {"epochs": 3, "learning_rate": 0.1, "device": "cpu"}[role]
