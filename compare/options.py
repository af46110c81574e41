"""The options that commands share: each said once, with its help."""

from pathlib import Path
from typing import Annotated

from typer import Option

Seed = Annotated[int, Option(help="Decides the initial weights and the order of the batches.")]
Dtype = Annotated[str, Option(help="float32 or float64.")]
Hidden = Annotated[str, Option(help="Widths of the hidden layers.")]
Activation = Annotated[str, Option(help="relu or sigmoid, for every hidden layer.")]
Init = Annotated[str, Option(help="Initial weights: chapter (normal x scale), he, or torch (nn.Linear's default).")]
InitScale = Annotated[float, Option(help="The scale of --init chapter.")]
BatchSize = Annotated[int | None, Option(help="Images a batch.", show_default="64, or the preset's")]
Epochs = Annotated[int | None, Option(help="Passes over the training set.", show_default="10, or the preset's")]
LearningRate = Annotated[float | None, Option(help="Size of a step.", show_default="0.1, or the preset's")]
Preset = Annotated[
    str,
    Option(
        help="minibatch: batches of 64, learning rate 0.1, 10 epochs. chapter: the loop as the chapter prints it, the "
        "whole set as one batch, learning rate 0.01, 50 epochs."
    ),
]
Data = Annotated[Path | None, Option(help="Folder of another set in MNIST's format.", show_default="MNIST")]
Threads = Annotated[int | None, Option(help="Threads to compute with.", show_default="one per processor")]
Json = Annotated[bool, Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
