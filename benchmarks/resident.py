"""Fills the shared cache with all layers of resnet18 for 200 pictures, and prints its memory as JSON.

A process of its own, run by `benchmarks.memory`: `python -m benchmarks.resident`.
"""

import json
import sys
from itertools import islice, product
from pathlib import Path

import torch

from actviz_core import open_source
from actviz_core.workspace.shared import shared_workspace

PICTURES = 200


def resident_bytes() -> int:
    """Bytes of this process that are in memory now."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024
    try:
        import psutil  # type: ignore[import-untyped, import-not-found, unused-ignore]  # where there is no /proc
    except ImportError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # the peak: never less than the present
        return int(peak if sys.platform == "darwin" else peak * 1024)
    return int(psutil.Process().memory_info().rss)


def picture_ids() -> list[str]:
    """Ids of 200 different pictures: all bundled ones and patterns, and some of their mirror images."""
    sources = [open_source(key) for key in ("bundled-imagenet", "bundled-cifar10", "patterns")]
    plain = [f"{source.key}/{index}" for source in sources for index in range(len(source))]
    return [f"{name}{variant}" for variant, name in islice(product(("", "~mirror"), plain), PICTURES)]


def main() -> None:
    """Print the resident memory at the start, its highest, at the end, and the cache's use, in bytes."""
    workspace = shared_workspace()
    model = workspace.model("resnet18@random")
    layers = [name for name, _ in model.module.named_modules() if name]
    ids = picture_ids()
    with torch.no_grad():
        model.module(model.preprocess(workspace.sample(ids[0]).image).to(model.device))
    start = highest = resident_bytes()
    for image_id in ids:
        workspace.calls(model, workspace.sample(image_id), layers)
        highest = max(highest, resident_bytes())
    use = workspace.store.use()
    numbers = {"start": start, "highest": highest, "end": resident_bytes(), "cache": use.used_bytes}
    print(json.dumps(numbers | {"pictures": len(ids), "evictions": use.evictions}))


if __name__ == "__main__":
    main()
