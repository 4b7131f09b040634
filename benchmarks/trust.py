"""How many maps hold against random order: the README's table again, by ``python -m benchmarks.trust``."""

import warnings

import torch

from actviz_core import load_model, open_source
from actviz_core.attribution import ABOUT, Method, attribute, put_to_test, random_curves
from actviz_core.errors import NotPossibleError


def main() -> None:
    """Put every method's map of every bundled CIFAR-10 picture to the test, and print one row a method."""
    warnings.simplefilter("ignore")  # captum tells of its hooks
    model, source = load_model("cifar-resnet20"), open_source("bundled-cifar10")
    beaten: dict[Method, list[int]] = {method: [] for method in Method}
    areas: dict[Method, list[float]] = {method: [] for method in Method}
    for index in range(len(source)):
        x = model.inputs(source[index].image)
        with torch.no_grad():
            target = int(model.module(x).argmax())
        random = random_curves(model.module, x, target)
        for method in Method:
            try:
                found = attribute(model.module, x, target, method)
            except NotPossibleError:
                continue
            area = put_to_test(model.module, x, target, found.map, random=random).deletion.area
            areas[method].append(area)
            beaten[method].append(sum(area < one for one in random.areas))
    print("| method | better than all 10 random orders | than 6 to 9 | than 5 or fewer | area |")
    print("|---|---|---|---|---|")
    for method, counts in beaten.items():
        if counts:
            every, most = counts.count(10), sum(5 < count < 10 for count in counts)
            mean = sum(areas[method]) / len(counts)
            print(f"| {ABOUT[method].title} | {every} | {most} | {len(counts) - every - most} | {mean:.2f} |")


if __name__ == "__main__":
    main()
