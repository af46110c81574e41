"""The corrected line, in the learner's own layout and names."""

import re

from compare.check.judging import Judgement
from compare.check.naming import Trial
from compare.check.source import Sources

ACTIVATIONS = {"relu": "np.maximum({z}, 0)", "sigmoid": "1 / (1 + np.exp(-{z}))", "tanh": "np.tanh({z})"}
DERIVATIVES = {"relu": "({z} > 0)", "sigmoid": "{a} * (1 - {a})", "tanh": "(1 - {a} ** 2)"}


def corrected(judgement: Judgement, line: str, mistake: str) -> str:
    """The line as it should stand, by the chapter's formulas."""
    trial, convention = judgement.trial, judgement.convention
    if mistake == "gradient-updated-instead":
        return _update(judgement, line.removeprefix("d"))
    step = judgement.step(line)
    k, kind = step.layer, step.kind
    names = _names(trial, k)
    late = {"last": "dz", "dW": "dW", "db": "dW"}.get(kind) == convention.mean_at
    mean = " / m" if late else ""
    if kind == "update":
        parameter = line.removesuffix(" update")
        gradient = _spelled(trial, f"d{parameter}", f"d{parameter}")
        sign = "+=" if convention.sign < 0 else "-="
        return f"{_spelled(trial, line, parameter)} {sign} learning_rate * {gradient}" + (
            " / m" if convention.mean_at == "update" else ""
        )
    if mistake == "accumulated":
        mean += "  (assigned, not added)"
    axis = 0 if trial.columns else 1
    rows = 1 if trial.columns else 0
    labels = "y" if trial.labels_as == "one-hot" else "one_hot"
    template = {
        "z": _product(trial, "z") + " + {b}",
        "a": ACTIVATIONS[convention.activation],
        "softmax": f"e / e.sum(axis={axis}, keepdims=True)  with  "
        f"e = np.exp({{z}} - {{z}}.max(axis={axis}, keepdims=True))",
        "loss": f"-np.mean(np.sum({labels} * np.log({{out}}), axis={axis}))",
        "last": f"({{out}} - {labels}){mean}" if convention.sign > 0 else f"({labels} - {{out}}){mean}",
        "dW": _product(trial, "dW") + mean,
        "db": f"{{dz}}.sum(axis={rows}{', keepdims=True' if trial.columns else ''}){mean}",
        "da": _product(trial, "da"),
        "dz": ("{da}" if f"da{k}" in trial.found else f"({_product(trial, 'da')})") + " * "
        + DERIVATIVES[convention.activation],
    }[kind]  # fmt: skip
    if kind == "last" and not mean:
        template = template.strip("()")
    if kind == "da" and line not in trial.found:
        template, line = f"({template}) * {DERIVATIVES[convention.activation]}", f"dz{k}"
    return f"{_spelled(trial, line, line)} = {template.format(**names)}"


def _update(judgement: Judgement, parameter: str) -> str:
    """The update of a parameter, written as the file writes a right one: that of another layer, with this number."""
    trial, (kind, number) = judgement.trial, (parameter[0], parameter[1:])
    for other in [number, *(str(k) for k in range(1, trial.depth + 1))]:
        line = f"{kind}{other} update"
        places, verdict = trial.places.get(line, []), judgement.verdicts.get(line)
        if not places or (verdict is not None and not verdict.holds):
            continue
        text = Sources().text(places[-1].file, places[-1].line)
        if ";" not in text and re.search(rf"{kind}{other}(?!\d)", text):
            return re.sub(rf"(?<=[A-Za-z_]){other}(?!\d)", number, text)
    return corrected(judgement, f"{parameter} update", "")


def _product(trial: Trial, kind: str) -> str:
    """The matrix product of a line, by the four ways in which x and W can lie."""
    table = {
        "z": ("{a_in} @ {W}", "{a_in} @ {W}.T", "{W}.T @ {a_in}", "{W} @ {a_in}"),
        "dW": ("{a_in}.T @ {dz}", "{dz}.T @ {a_in}", "{a_in} @ {dz}.T", "{dz} @ {a_in}.T"),
        "da": ("{dz_up} @ {W_up}.T", "{dz_up} @ {W_up}", "{W_up} @ {dz_up}", "{W_up}.T @ {dz_up}"),
    }
    return table[kind][2 * trial.columns + trial.out_in]


def _names(trial: Trial, k: int) -> dict[str, str]:
    names = {kind: _spelled(trial, f"{kind}{k}", f"{kind}{k}") for kind in ("z", "a", "da", "dz")}
    names |= {"W": _spelled(trial, f"W{k} update", f"W{k}"), "b": _spelled(trial, f"b{k} update", f"b{k}")}
    names |= {
        "W_up": _spelled(trial, f"W{k + 1} update", f"W{k + 1}"),
        "dz_up": _spelled(trial, f"dz{k + 1}", f"dz{k + 1}"),
    }
    names |= {"a_in": _spelled(trial, f"a{k - 1}", f"a{k - 1}") if k > 1 else "x"}
    return names | {"out": _spelled(trial, f"a{trial.depth}", "output")}


def _spelled(trial: Trial, line: str, otherwise: str) -> str:
    """As the learner spells it, where that was seen and is a name."""
    places = trial.places.get(line)
    spelled = places[-1].spelled if places else otherwise
    return spelled if all(c.isalnum() or c in "_.['\"]" for c in spelled) else otherwise
