"""Is a hand-written backward pass right, and if not, which line is wrong and what was probably meant?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from compare.check.apart import Answer, run_in_child
from compare.check.crash import explain_crash
from compare.check.evidence import Diagnosis
from compare.check.fitting import Past, diagnose
from compare.check.judging import ACTIVATIONS, Judgement, choose_convention, judge, strangers
from compare.check.naming import Trial, read_trial
from compare.check.source import Sources
from compare.check.train import train as train_beside
from compare.check.verdict import Check
from compare.parity.line_check import LineVerdict
from compare.shared.dataset import load_mnist
from compare.shared.environment import environment
from compare.shared.errors import BadInput
from compare.shared.output import Output


def answer(
    target: str,
    *,
    activation: str | None = None,
    train: bool = False,
    time_limit: float = 60.0,
    seed: int = 0,
    data: Path | None = None,
    threads: int = 1,
    out: Path | None = None,
) -> Check:
    """Judge FILE or FILE:CLASS; with `train`, and where its gradients are right, train it as well.

    Raises BadInput for a file, an option or a data set that cannot be used.
    """
    if activation not in (None, *ACTIVATIONS):
        raise BadInput(f"--activation is {activation!r}; expected one of {', '.join(ACTIVATIONS)}.")
    if not (np.isfinite(time_limit) and time_limit > 0):
        raise BadInput(f"--time-limit is {time_limit!r}; expected seconds, above 0.")
    if data is not None:
        load_mnist(data)  # only to refuse it at once, and not after the file has been judged
    output = None if out is None else Output(out)
    file, name = split_target(target)
    with threadpool_limits(threads, user_api="blas"):
        result = examine(run_in_child(file, name, seed=seed, time_limit=time_limit), file, activation)
        if train and not result.faults:
            training = train_beside(
                file, name, result.layout, result.initial, result.convention.activation,
                data=data, seed=seed, time_limit=time_limit,
            )  # fmt: skip
            result = replace(result, training=training)
        elif train:
            result.notes.append("--train looks further once the gradients are right; mend these first.")
        settings = {"file": file.name, "activation": activation, "train": train, "seed": seed}
        result = replace(result, made_with={"settings": settings, "environment": environment(threads)})
    if output is not None:
        result = replace(result, files=[output.folder / "results.json"])
        output.write_json("results.json", result.as_json())
    return result


def split_target(target: str) -> tuple[Path, str | None]:
    """FILE:CLASS taken apart; a colon of a drive's name stays where it is."""
    file, colon, name = target.rpartition(":")
    return (Path(file), name) if colon and name.isidentifier() and file else (Path(target), None)


def examine(answer: Answer, file: Path, activation: str | None = None) -> Check:
    """The verdict and the diagnoses from what the child saw. Raises BadInput where it saw nothing to judge."""
    sources = Sources()
    runs = [[read_trial(run, answer, sources) for run in runs] for runs in answer.content["runs"]]
    alternatives = [(trials, choose_convention(trials[:1], activation)) for trials in runs]
    trials, convention = min(
        alternatives, key=lambda pair: (pair[0][0].crash is not None, strangers(pair[0][0], pair[1]))
    )
    plain = trials[0]
    if plain.crash is not None and ("unbindable" in plain.crash or not plain.found):
        raise BadInput(_not_runnable(plain, file, answer))
    initial = _initial(answer, plain)
    past = Past({}, [initial] if initial else [])
    judgements: list[Judgement] = []
    diagnoses: list[Diagnosis] = []
    for trial in trials:
        if trial.name == "again" and not strangers(trial, convention):
            continue  # it is there to show what one step leaves behind for the next, and nothing is off
        until = f"dz{trial.depth}" if trial.name == "large scores" else None
        judgement = judge(trial, convention, until=until)
        known = {d.line for d in diagnoses} | {n for j in judgements for n in j.wrong}
        if trial.crash is not None:
            diagnoses += explain_crash(judgement, diagnose(judgement, past, known), sources)
        else:
            diagnoses += diagnose(judgement, past, known)
        judgements.append(judgement)
        past = Past(judgement.found, [*past.stale, trial.parameters, *([trial.after] if trial.after else [])])
    diagnoses = _one_for_all(plain, diagnoses)
    order = [step.name for step in judgements[0].steps]
    diagnoses.sort(key=lambda d: order.index(d.line))
    if not judgements[0].verdicts and not diagnoses:
        raise BadInput(
            f"{file} ran, but showed nothing to judge: no weights changed, and no array was called z1, a1, dW1 or the "
            f"like. Let its backward pass update or return something."
        )
    return Check(
        str(file), answer.content["style"], _found_out(plain, convention, answer), _notes(answer),
        _lines(judgements), _places(plain), diagnoses, sources,
        {"columns": plain.columns, "out_in": plain.out_in, "labels_as": plain.labels_as}, convention, initial,
    )  # fmt: skip


def _one_for_all(trial: Trial, diagnoses: list[Diagnosis]) -> list[Diagnosis]:
    """If no parameter at all has changed, that is one mistake and not one for each of them."""
    still = [d for d in diagnoses if d.name in ("update-missing", "bias-not-updated")]
    moved = trial.after is None or any((trial.after[n] != v).any() for n, v in trial.parameters.items())
    if moved or not still:
        return diagnoses
    evidence = f"All {len(trial.parameters)} parameters are the same before and after the step."
    names = {d.name for d in still}
    return [*(d for d in diagnoses if d.name not in names), replace(still[0], name="update-missing", evidence=evidence)]


def _lines(judgements: Sequence[Judgement]) -> list[LineVerdict]:
    """Every line of the first trial; one that only another trial finds wrong, as it was there."""
    lines = dict(judgements[0].verdicts)
    for judgement in judgements[1:]:
        for name in judgement.wrong:
            if name not in lines or lines[name].holds:
                lines[name] = judgement.verdicts[name]
    return [lines[step.name] for step in judgements[0].steps if step.name in lines]


def _places(trial: Trial) -> dict[str, int | None]:
    return {name: places[-1].line for name, places in trial.places.items()}


def _initial(answer: Answer, trial: Trial) -> dict[str, np.ndarray]:
    """The weights that the object was made with, in our layout."""
    own = {n: np.asarray(answer.arrays[key], np.float64) for n, key in answer.content["own"].items()}
    own = {n: (v.T if trial.out_in else v) if n[0] == "W" else v.reshape(-1) for n, v in own.items()}
    return own if all(v.shape == trial.parameters[n].shape for n, v in own.items()) else {}


def _found_out(trial: Trial, convention: Any, answer: Answer) -> str:
    sizes = [trial.x.shape[1], *(v.size for n, v in trial.parameters.items() if n[0] == "b")]
    x = "(pixels, m)" if trial.columns else "(m, pixels)"
    W = "(out, in)" if trial.out_in else "(in, out)"
    hidden = f", {convention.activation} in the hidden layers" if trial.depth > 1 else ""
    mean = {"dz": "in dz of the last layer", "dW": "in each dW and db", "update": "in the update"}[convention.mean_at]
    return (
        f"{answer.content['style']}, {' -> '.join(map(str, sizes))}{hidden}; x is {x}, W is {W}, labels are "
        f"{trial.labels_as}; the mean over the batch is taken {mean}; judged in {trial.dtype}."
    )


def _notes(answer: Answer) -> list[str]:
    return [str(note) for note in answer.content["notes"]]


def _not_runnable(trial: Trial, file: Path, answer: Answer) -> str:
    crash = trial.crash or {}
    if "unbindable" in crash:
        from compare.check.adapters import ADAPTER

        return (
            f"{file} cannot be judged as it is: {crash['unbindable']}. Rename it to what it means (x, y, output, "
            f"cache, lr, ...), or put ten lines like these at the end of the file:\n\n{ADAPTER}"
        )
    where = f"{file}, line {crash['line']}" if "line" in crash else str(file)
    skipped = answer.content["skipped"]
    name = crash["message"].partition("name '")[2].partition("'")[0]
    more = ""
    if name in skipped:
        more = (
            f" `{name}` is set in line {skipped[name]}, by a statement that the check does not run: of a file it runs "
            f"only imports, definitions and constants. Pass it as an argument, or make it a constant."
        )
    return f"{where}: {crash['message']}. This stops the network before any line of it can be judged.{more}"
