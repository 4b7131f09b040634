"""Measures a checkpoint on a set of labelled pictures.

``python -m actviz_core.training.evaluate PICTURES [--weights NAME]``
"""

import argparse
import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from actviz_core.errors import ActVizError
from actviz_core.models.cifar_resnet20.checkpoints import DEFAULT, load_checkpoint
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.training.data import LabelledPictures, read_pictures


def confusion_matrix(network: nn.Module, pictures: LabelledPictures, batch: int = 500) -> Tensor:
    """Count the pictures of each true class (rows) by predicted class (columns): (10, 10) int64.

    The network is put in eval mode and run in float32.
    """
    network.eval()
    inputs = pictures.normalised()
    with torch.inference_mode():
        guesses = torch.cat([network(chunk).argmax(1) for chunk in torch.split(inputs, batch)])
    size = len(CLASSES)
    return torch.bincount(pictures.labels * size + guesses, minlength=size * size).view(size, size)


def accuracy(confusion: Tensor) -> float:
    """Compute the share of pictures on the diagonal of a confusion matrix, 0 to 1."""
    return int(confusion.trace()) / int(confusion.sum())


def percent(share: float) -> str:
    """Write a share of 0 to 1 as the model card and the evaluation do: ``90.25%``."""
    return f"{share:.2%}"


def report(weights: str, pictures: str, confusion: Tensor) -> str:
    """Write what one checkpoint gets right on one set: a line with the accuracy, then the matrix."""
    right, total = int(confusion.trace()), int(confusion.sum())
    lines = [
        f"cifar-resnet20@{weights} on {pictures}: {percent(accuracy(confusion))} ({right} of {total})",
        "",
        "rows: true class, columns: predicted class",
        " " * 11 + "".join(f"{name[:5]:>6}" for name in CLASSES),
    ]
    for name, row in zip(CLASSES, confusion.tolist(), strict=True):
        lines.append(f"{name:>11}" + "".join(f"{count:>6}" for count in row))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the accuracy and the confusion matrix of one checkpoint on one set of pictures."""
    parser = argparse.ArgumentParser(prog="evaluate", description=main.__doc__)
    parser.add_argument("pictures", type=Path, help="zip of class folders, .npz, or torchvision's folder")
    parser.add_argument("--weights", default=DEFAULT, help="random, epoch-1, epoch-5 or final (the default)")
    chosen = parser.parse_args(arguments)
    try:
        network = load_checkpoint(chosen.weights)
        pictures = read_pictures(chosen.pictures, train=False)
    except ActVizError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    print(report(chosen.weights, pictures.name, confusion_matrix(network, pictures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
