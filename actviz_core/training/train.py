"""Trains the bundled network.

``python -m actviz_core.training.train --data PICTURES --out FOLDER [--exclude NAMES] ...``

SGD with Nesterov momentum, a cosine schedule with warm restarts (Loshchilov and Hutter 2017,
arXiv:1608.03983), pad-and-crop and flip. Every epoch has its own
random stream, drawn from the seed and the epoch's number, so a run that was killed goes on from its last
epoch exactly as if it had not been.
"""

import argparse
import csv
import math
import pickle
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from actviz_core.errors import ActVizError, TrainingDataError
from actviz_core.models.cifar_resnet20.network import SIZE, seeded_network
from actviz_core.training.data import LabelledPictures, read_pictures
from actviz_core.training.evaluate import accuracy, confusion_matrix

PADDING = 4
KEPT_EPOCHS = (1, 5)
LOG_COLUMNS = ("epoch", "learning_rate", "train_loss", "train_accuracy", "validation_accuracy", "seconds")


@dataclass(frozen=True)
class Recipe:
    """What a run is made of; a run is resumed only with the recipe it began with."""

    cycles: tuple[int, ...] = (50, 20)
    batch: int = 128
    peak_learning_rate: float = 0.2
    warmup_epochs: float = 2.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    seed: int = 0

    @property
    def epochs(self) -> int:
        """Epochs of all cycles together."""
        return sum(self.cycles)

    def learning_rate(self, step: int, steps_per_epoch: int) -> float:
        """In each cycle a linear warm-up to its peak, then half a cosine to zero; each peak half the last."""
        peak, warmup = self.peak_learning_rate, self.warmup_epochs * steps_per_epoch
        for epochs in self.cycles[:-1]:
            if step < epochs * steps_per_epoch:
                break
            step -= epochs * steps_per_epoch
            peak /= 2
        else:
            epochs = self.cycles[-1]
        if step < warmup:
            return peak * (step + 1) / warmup
        progress = (step - warmup) / max(1.0, epochs * steps_per_epoch - warmup)
        return peak * (1 + math.cos(math.pi * progress)) / 2


def augment(padded: Tensor, generator: torch.Generator) -> Tensor:
    """Cut a random 32x32 window from pictures (N, 3, 40, 40) and mirror half of them."""
    count = len(padded)
    offsets = torch.randint(0, 2 * PADDING + 1, (2, count, 1), generator=generator)
    rows, columns = offsets + torch.arange(SIZE)
    mirrored = torch.rand(count, 1, generator=generator) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    picture = torch.arange(count).view(-1, 1, 1)
    windows = padded.permute(0, 2, 3, 1)[picture, rows.unsqueeze(2), columns.unsqueeze(1)]
    return windows.permute(0, 3, 1, 2)


def train(
    recipe: Recipe,
    pictures: LabelledPictures,
    validation: LabelledPictures | None,
    out: Path,
    *,
    show_progress: bool = True,
) -> nn.Module:
    """Train, or go on with, a run in ``out``; leaves checkpoints, ``log.csv`` and ``resume.pt`` there.

    Returns the network after the last epoch, in float32 and eval mode. Raises `TrainingDataError` when
    ``out`` holds a run of another recipe or an unreadable one, and when the loss is no longer finite.
    """
    out.mkdir(parents=True, exist_ok=True)
    network = seeded_network(recipe.seed)
    optimizer = torch.optim.SGD(
        network.parameters(), momentum=recipe.momentum, weight_decay=recipe.weight_decay, nesterov=True
    )
    first_epoch = _resume(out / "resume.pt", recipe, network, optimizer)
    _begin_log(out / "log.csv", first_epoch)
    if first_epoch == 1:
        _save_weights(network, out / "random.safetensors")
    network.to(memory_format=torch.channels_last)
    padded = F.pad(pictures.normalised(), (PADDING,) * 4).to(memory_format=torch.channels_last)
    for epoch in range(first_epoch, recipe.epochs + 1):
        began = time.monotonic()
        rate, loss, train_accuracy = _train_epoch(
            recipe, epoch, network, optimizer, padded, pictures.labels, show_progress=show_progress
        )
        measured = "" if validation is None else f"{accuracy(confusion_matrix(network, validation)):.4f}"
        seconds = f"{time.monotonic() - began:.1f}"
        row = (epoch, f"{rate:.5f}", f"{loss:.4f}", f"{train_accuracy:.4f}", measured, seconds)
        with (out / "log.csv").open("a", newline="") as log:
            csv.writer(log).writerow(row)
        if epoch in KEPT_EPOCHS:
            _save_weights(network, out / f"epoch-{epoch}.safetensors")
        _save_state(out / "resume.pt", recipe, epoch, network, optimizer)
    _save_weights(network, out / "final.safetensors")
    return network.eval()


def _train_epoch(
    recipe: Recipe,
    epoch: int,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    padded: Tensor,
    labels: Tensor,
    *,
    show_progress: bool,
) -> tuple[float, float, float]:
    """Go through the pictures (N, 3, 40, 40) once; gives the last learning rate, mean loss and accuracy."""
    network.train()
    generator = torch.Generator().manual_seed(recipe.seed * 100_003 + epoch)
    batches = torch.split(torch.randperm(len(labels), generator=generator), recipe.batch)
    rate = loss_sum = right = 0.0
    progress = tqdm(
        batches, f"epoch {epoch}/{recipe.epochs}", unit="batch", mininterval=2, disable=not show_progress
    )
    for number, chosen in enumerate(progress):
        rate = recipe.learning_rate((epoch - 1) * len(batches) + number, len(batches))
        for group in optimizer.param_groups:
            group["lr"] = rate
        inputs, targets = augment(padded[chosen], generator), labels[chosen]
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(inputs)
        loss = F.cross_entropy(logits.float(), targets)
        if not math.isfinite(loss.item()):
            raise TrainingDataError(f"The loss became {loss.item()} in epoch {epoch}: try another --seed.")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(chosen)
        right += (logits.argmax(1) == targets).sum().item()
    return rate, loss_sum / len(labels), right / len(labels)


def _save_weights(network: nn.Module, path: Path) -> None:
    state = {name: value.detach().clone().contiguous() for name, value in network.state_dict().items()}
    save_file(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def _save_state(
    path: Path, recipe: Recipe, epoch: int, network: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Write beside the file, then rename, so that a kill leaves the last whole state."""
    state = {
        "recipe": vars(recipe),
        "epoch": epoch,
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def _resume(path: Path, recipe: Recipe, network: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 1
    began_with = read_recipe(path)
    if began_with != recipe:
        raise TrainingDataError(
            f"{path} belongs to another recipe ({began_with}). Use that, or another --out."
        )
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["epoch"]) + 1


def read_recipe(path: Path) -> Recipe:
    """Read which recipe a run's ``resume.pt`` began with; raises `TrainingDataError` if it is damaged."""
    try:
        return Recipe(**torch.load(path, weights_only=True)["recipe"])
    except (OSError, RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise TrainingDataError(
            f"{path} is missing or damaged ({error}). Remove it to start the run anew, or use another --out."
        ) from error


def _begin_log(path: Path, first_epoch: int) -> None:
    """Leave the header and the epochs before ``first_epoch``: a kill can come between log and state."""
    rows = []
    if first_epoch > 1 and path.exists():
        with path.open(newline="") as log:
            rows = [row for row in csv.DictReader(log) if int(row["epoch"]) < first_epoch]
    with path.open("w", newline="") as log:
        writer = csv.DictWriter(log, LOG_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def main(arguments: list[str] | None = None) -> int:
    """Read the pictures, train, and say where the weights are."""
    parser = argparse.ArgumentParser(prog="train", description=main.__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="zip of class folders, or torchvision's CIFAR-10 folder"
    )
    parser.add_argument("--exclude", type=Path, help="text file, one file name of the zip a line")
    parser.add_argument(
        "--validation", type=Path, help="pictures to measure after each epoch, not trained on"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for weights, log and resume state")
    parser.add_argument(
        "--cycles", type=int, nargs="+", default=Recipe.cycles, help="epochs of each cycle, 50 20 unless told"
    )
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    chosen = parser.parse_args(arguments)
    try:
        exclude = chosen.exclude.read_text().split() if chosen.exclude else ()
        pictures = read_pictures(chosen.data, train=True, exclude=exclude)
        validation = read_pictures(chosen.validation, train=False) if chosen.validation else None
        measured = len(validation) if validation else 0
        print(f"{len(pictures):,} pictures to train on, {measured:,} to measure on")
        train(Recipe(cycles=tuple(chosen.cycles), seed=chosen.seed), pictures, validation, chosen.out)
    except (ActVizError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    print(f"weights and log are in {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
