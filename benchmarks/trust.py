"""How many maps hold against random order: the README's table again, by ``python -m benchmarks.trust``."""

import warnings
from dataclasses import dataclass

import torch

from actviz_core import load_model, open_source
from actviz_core.attribution import ABOUT, MapTest, Method, attribute, put_to_test, random_curves
from actviz_core.errors import NotPossibleError


@dataclass(frozen=True)
class Trust:
    """What came of one method: how many of ten random orders each picture's map beats, and each area."""

    beaten: tuple[int, ...]
    areas: tuple[float, ...]

    @property
    def row(self) -> tuple[int, int, int, float]:
        """Pictures with all ten orders beaten, 6 to 9, and 5 or fewer; the mean area."""
        every, most = self.beaten.count(10), sum(5 < count < 10 for count in self.beaten)
        mean = sum(self.areas) / len(self.areas)
        return every, most, len(self.beaten) - every - most, mean


def trust() -> dict[Method, Trust]:
    """Put every method's map of every bundled CIFAR-10 picture to the test, for the class it is taken for."""
    model, source = load_model("cifar-resnet20"), open_source("bundled-cifar10")
    tests: dict[Method, list[MapTest]] = {}
    for sample in source:
        x = model.inputs(sample.image)
        with torch.no_grad():
            target = int(model.module(x).argmax())
        random = random_curves(model.module, x, target)
        for method in Method:
            try:
                found = attribute(model.module, x, target, method)
            except NotPossibleError:
                continue
            tests.setdefault(method, []).append(
                put_to_test(model.module, x, target, found.map, random=random)
            )
    return {
        method: Trust(tuple(test.beaten for test in of), tuple(test.deletion.area for test in of))
        for method, of in tests.items()
    }


def main() -> None:
    """Print the table, one row a method."""
    warnings.simplefilter("ignore")  # captum tells of its hooks
    print("| method | better than all 10 random orders | than 6 to 9 | than 5 or fewer | area |")
    print("|---|---|---|---|---|")
    for method, found in trust().items():
        every, most, few, mean = found.row
        print(f"| {ABOUT[method].title} | {every} | {most} | {few} | {mean:.2f} |")


if __name__ == "__main__":
    main()
