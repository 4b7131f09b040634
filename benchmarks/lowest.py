"""Writes the lowest versions that requirements.txt admits, as constraints for pip: see `make lowest`."""

import re
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
LOWEST = re.compile(r"^([\w-]+)>=([\d.]+)")


def lowest(text: str) -> list[str]:
    """Pin each requirement with a lower bound to that bound: ``torch>=2.9,<3`` becomes ``torch==2.9``."""
    found = map(LOWEST.match, text.splitlines())
    return [f"{match[1]}=={match[2]}" for match in found if match]


if __name__ == "__main__":
    print("\n".join(lowest(REQUIREMENTS.read_text(encoding="utf-8"))))
