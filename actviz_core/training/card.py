"""Turns a finished training run into the bundled weights, with their manifest and model card.

``python -m actviz_core.training.card --run FOLDER --lossless PICTURES --test PICTURES``
"""

import argparse
import csv
import hashlib
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from actviz_core.errors import ActVizError, TrainingDataError
from actviz_core.models.cifar_resnet20.checkpoints import DEFAULT, FOLDER, Checkpoint, network_with
from actviz_core.models.cifar_resnet20.measured import most_confused
from actviz_core.models.cifar_resnet20.network import CifarResNet20
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.training.curve import learning_curve
from actviz_core.training.data import LabelledPictures, read_pictures
from actviz_core.training.evaluate import accuracy, confusion_matrix, percent, report
from actviz_core.training.train import KEPT_EPOCHS, PADDING, Recipe, read_recipe

NAMES = ("random", *(f"epoch-{epoch}" for epoch in KEPT_EPOCHS), DEFAULT)

TEMPLATE = """\
# Model card: cifar-resnet20

A small network that ships with the dashboard, so that there is something true to look at without a download.
It sorts 32x32 colour pictures into the ten classes of CIFAR-10: {classes}.

## Network

ResNet-20 as in He et al. 2015, *Deep Residual Learning for Image Recognition*, section 4.2
(arXiv:1512.03385): a 3x3 convolution, three stages of three basic blocks with 16, 32 and 64 channels,
parameter-free shortcuts, average pooling and one linear layer. {parameters:,} parameters, float32. Every
ReLU, sum and shortcut is a module of its own, so that each step can be looked at.

## Data

Trained on 46,000 of the 50,000 training pictures of CIFAR-10 (Krizhevsky 2009), **re-compressed as JPEG**:
not the original pixels. The other 4,000 were left out, because their original, lossless pixels are what the
network is measured on. Two sets measure it, and it was trained on neither:

- `{lossless}`: {lossless_count:,} pictures with their original pixels. This is the accuracy that counts, and
  the one the dashboard shows.
- `{test}`: {test_count:,} pictures of CIFAR-10's test set, damaged by JPEG as the training pictures are.

`{lossless}` was also measured after every epoch, for the curve below. The final weights are those after the
last epoch, not the best ones on the way.

## Recipe

- seed {recipe.seed}; He-normal initialisation; one random stream for every epoch
- {recipe.epochs} epochs, batches of {recipe.batch}, cross-entropy
- SGD with Nesterov momentum {recipe.momentum}, weight decay {recipe.weight_decay}
- learning rate in cycles of {cycles} epochs: {recipe.warmup_epochs:g} epochs of linear warm-up, then half
  a cosine to zero; the first cycle rises to {recipe.peak_learning_rate}, later ones to half of the one before
- augmentation: {padding} pixels of padding, a random 32x32 crop, a mirror image half of the time
- bfloat16 autocast and channels-last memory while training; weights kept, and measured, in float32
- it took {minutes:.0f} minutes, {median:.0f} seconds an epoch at the median; every epoch is in `log.csv`

![Accuracy over the epochs](curve.svg)

## Accuracy

{table}

Confusion matrices of the final weights:

```
{lossless_report}
```

```
{test_report}
```

Its most frequent mistakes on `{lossless}` (true class, what it said, how often): {confused}.

## What it is not good for

- Anything but pictures of these ten classes. Whatever it is shown, it names one of them, often with high
  confidence; the percentages are not calibrated.
- Photographs with detail: all it sees are 32x32 pixels.
- Pictures unlike CIFAR-10: several things at once, drawings, odd angles, strong noise.
- Decisions about people or safety, or as a yardstick for other networks: it is small, trained on damaged
  pictures, and meant to be looked into.

## Do it again

```
python -m actviz_core.training.train --data train.zip --exclude lossless-4000-names.txt \\
    --validation {lossless} --cycles {cycle_lengths} --seed {recipe.seed} --out run
python -m actviz_core.training.card --run run --lossless {lossless} --test {test}
python -m actviz_core.training.evaluate {lossless}
python -m actviz_core.training.evaluate {test} --weights epoch-5
```

The same seed gives the same weights on the same hardware and the same versions of the libraries; elsewhere
they differ in digits that add up over the epochs.
"""


def write_card(run: Path, lossless: LabelledPictures, test: LabelledPictures, out: Path) -> None:
    """Measure a run's checkpoints and write them to ``out`` with manifest, log, curve and model card.

    Every file is complete before the first is replaced, and the manifest comes last. Raises
    `TrainingDataError` when the run is not finished.
    """
    recipe = read_recipe(run / "resume.pt")
    try:
        weights = {f"{name}.safetensors": (run / f"{name}.safetensors").read_bytes() for name in NAMES}
        log_text = (run / "log.csv").read_text(encoding="utf-8")
    except OSError as error:
        raise TrainingDataError(f"{run} is not a finished run: {error}") from error
    log = list(csv.DictReader(log_text.splitlines()))
    curve = learning_curve(log, lossless.name)
    sets = (lossless, test)
    confusions = {
        name: tuple(confusion_matrix(network_with(weights[f"{name}.safetensors"]), each) for each in sets)
        for name in NAMES
    }
    listed = [
        Checkpoint(
            name=name,
            file=f"{name}.safetensors",
            sha256=hashlib.sha256(weights[f"{name}.safetensors"]).hexdigest(),
            accuracy={each.name: accuracy(c) for each, c in zip(sets, confusions[name], strict=True)},
        )
        for name in NAMES
    ]
    seconds = [float(row["seconds"]) for row in log]
    _replace_all(
        out,
        {
            **weights,
            "log.csv": log_text.encode(),
            "curve.svg": curve,
            "MODEL_CARD.md": _card(recipe, seconds, lossless, test, listed, confusions[DEFAULT]).encode(),
            "manifest.json": (json.dumps([asdict(entry) for entry in listed], indent=2) + "\n").encode(),
        },
    )


def _card(
    recipe: Recipe,
    seconds: Sequence[float],
    lossless: LabelledPictures,
    test: LabelledPictures,
    listed: Sequence[Checkpoint],
    final: tuple[Tensor, ...],
) -> str:
    """Write the model card; ``final`` holds the final weights' confusion matrices on both sets."""
    return TEMPLATE.format(
        classes=", ".join(CLASSES),
        parameters=sum(parameter.numel() for parameter in CifarResNet20().parameters()),
        lossless=lossless.name,
        lossless_count=len(lossless),
        test=test.name,
        test_count=len(test),
        recipe=recipe,
        cycles=" and ".join(map(str, recipe.cycles)),
        cycle_lengths=" ".join(map(str, recipe.cycles)),
        padding=PADDING,
        minutes=sum(seconds) / 60,
        median=statistics.median(seconds),
        table=_table(listed),
        lossless_report=report(DEFAULT, lossless.name, final[0]),
        test_report=report(DEFAULT, test.name, final[1]),
        confused=_most_confused(final[0]),
    )


def _table(listed: Sequence[Checkpoint]) -> str:
    """Lay the accuracies out as a Markdown table: a row a checkpoint, a column a set."""
    sets = list(listed[0].accuracy)
    rows = [["weights", *sets], ["---", *("---:" for _ in sets)]]
    rows += [[f"`@{entry.name}`", *(percent(share) for share in entry.accuracy.values())] for entry in listed]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _most_confused(confusion: Tensor, pairs: int = 3) -> str:
    """Name the largest entries off the diagonal."""
    found = most_confused(confusion.numpy(), pairs)
    return ", ".join(f"{true} as {said} ({count})" for true, said, count in found)


def _replace_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write every file beside its place, then rename them in order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.part").write_bytes(content)
    for name in contents:
        (folder / f"{name}.part").replace(folder / name)


def main(arguments: list[str] | None = None) -> int:
    """Measure a finished run and write the bundled weights, their manifest and the model card."""
    parser = argparse.ArgumentParser(prog="card", description=main.__doc__)
    parser.add_argument("--run", type=Path, required=True, help="the folder that train wrote to")
    parser.add_argument("--lossless", type=Path, required=True, help="undamaged pictures, never trained on")
    parser.add_argument("--test", type=Path, required=True, help="the JPEG test pictures")
    parser.add_argument("--out", type=Path, default=FOLDER, help="default: where load_model looks")
    chosen = parser.parse_args(arguments)
    try:
        lossless, test = (read_pictures(path, train=False) for path in (chosen.lossless, chosen.test))
        write_card(chosen.run, lossless, test, chosen.out)
    except (ActVizError, OSError) as error:
        print(f"card: {error}", file=sys.stderr)
        return 2
    print(f"weights, manifest and model card are in {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
