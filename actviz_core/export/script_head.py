"""The head of a replay script: what it says of itself, and imports that end it in words if they fail."""

import json
import sys
import textwrap
from collections.abc import Sequence

from actviz_core.export.provenance import Provenance
from actviz_core.names import ModelKey

CAPTURE = "from actviz_core import capture"
CAPTURE_GRADIENTS = "from actviz_core import capture_gradients"
OF_STEPS = {CAPTURE, CAPTURE_GRADIENTS}
LOAD = "from actviz_core import load_model"
_LIBRARIES = "torch and torchvision (pip install torch torchvision)"


def needs_of(imports: set[str], keys: Sequence[str]) -> str:
    """What a script needs: goes on from "the script", and ends with a full stop."""
    if not any("actviz_core" in line for line in imports):
        return f"needs {_LIBRARIES}."
    own = dict.fromkeys(ModelKey.parse(key).network for key in keys if ":" in key)
    why = [
        *(["its network"] if LOAD in imports else []),
        *(["steps between layers, which hooks do not see"] if OF_STEPS & imports else []),
    ]
    builders = f", and the folder of {', '.join(own)}" if own else ""
    return (
        f"needs {_LIBRARIES} and, for {' and '.join(why)}, the activation dashboard itself: set "
        f"PYTHONPATH to that project's folder{builders}."
    )


def introduction(told: Sequence[Provenance], npz_name: str, needs: str, imports: set[str]) -> str:
    """What the script says of itself in its first lines."""
    what = "gradients" if any(" of class " in call for one in told for call in one.calls) else "activations"
    how = "as the dashboard does" if OF_STEPS & imports else "with plain torch hooks"
    lines = [
        f"Computes {what} again {how}, and compares them bit for bit.",
        "",
        *textwrap.wrap(f"It {needs}", 106),
        "The files beside it belong to it: unpack the whole ZIP file.",
        f"Compares with {npz_name} beside itself, or with what its first argument names.",
        *(f"\n{one.as_text()}" for one in told),
        "",
    ]
    return "\n".join(lines).replace("\\", "\\\\").replace('"', "'")


def guarded_imports(lines: set[str], needs: str) -> str:
    """All imports; where one of a library fails, the script ends with what it needs."""
    own, *others = _sorted(lines)
    guarded = "\n\n".join("\n".join(group) for group in others if group)
    return "\n".join(
        [
            *own,
            "",
            "try:",
            textwrap.indent(guarded, "    "),
            "except ModuleNotFoundError as missing:",
            "    print(",
            '        f"{missing.name} cannot be imported. "',
            *(f"        {line}" for line in _in_lines(f"This script {needs}")),
            "    )",
            "    sys.exit(2)",
        ]
    )


def _sorted(imports: set[str]) -> tuple[list[str], list[str], list[str]]:
    """Python's own imports, the libraries', this project's; what comes from one place in one line."""
    names: dict[str, list[str]] = {}
    for line in sorted(imports, key=lambda line: (line.startswith("from"), line)):
        start, _, name = line.rpartition("import ")
        names.setdefault(start if start and " as " not in name else line, []).append(name)
    groups: tuple[list[str], list[str], list[str]] = ([], [], [])
    for start, listed in names.items():
        package = start.split()[1].split(".")[0]
        group = 2 if package == "actviz_core" else int(package not in sys.stdlib_module_names)
        groups[group].append(f"{start}import {', '.join(listed)}" if start.endswith(" ") else start)
    return groups


def _in_lines(text: str) -> list[str]:
    """A long text as several literals, one a line."""
    return [json.dumps(line) for line in textwrap.wrap(text, 88, drop_whitespace=False)]
