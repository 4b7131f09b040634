"""The rooms of the project: who imports whom, how long a file is, what is private, and where state is."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
CORE = "actviz_core"
BASE = ("errors", "units", "settings", "tasks", "names")
ROOMS = (
    "system",
    "untrusted",
    "weights",
    "samples",
    "board",  # one file: the boards that one click makes
    "hooks",
    "layouts",
    "analysis",
    "models",
    "attribution",
    "sweep",
    "workspace",
    "channels",
    "wording",
    "figures",
    "export",
    "ui",
)
LONGEST = 300

STATE = {  # what makes an object that changes, wherever it stands
    "BoundedSemaphore",
    "ByteCache",
    "Condition",
    "ContextVar",
    "Event",
    "Lock",
    "Queue",
    "RLock",
    "Semaphore",
    "SimpleQueue",
    "Thread",
    "ThreadPoolExecutor",
    "WeakKeyDictionary",
    "WeakSet",
    "WeakValueDictionary",
    "local",
}
WRITES = {  # methods that change a list, a dict or a set
    "add",
    "append",
    "appendleft",
    "clear",
    "discard",
    "extend",
    "insert",
    "move_to_end",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "setdefault",
    "sort",
    "update",
}
ALLOWED = {
    "models/fitting:_digests": "a cache, bounded in bytes and locked: digests of tensors",
    "system/waiting:_patience": "a ContextVar: each run of a page has a value of its own",
    "system/waiting:_threads": "threads that may hang are the process's, not a workspace's",
    "ui/figure/drawing:_COLLECTED": "a ContextVar: each drawing has a value of its own",
    "ui/figure/thumbnails:_AT_ONCE": "requests for thumbnails reach the process and know no workspace",
}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def shown(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def room_of(module: str) -> str:
    """``actviz_core.hooks.capture`` is in ``hooks``; the package itself is in ``""``."""
    return module.split(".")[1] if "." in module else ""


def imported(path: Path) -> Iterator[str]:
    """The project's modules that a file imports, also inside functions and for types alone."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] == CORE)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == CORE:
            if node.module == CORE:
                yield from (f"{CORE}.{one.name}" for one in node.names)
            else:
                yield str(node.module)


def test_each_room_imports_only_itself_and_rooms_to_its_left() -> None:
    order = {name: place for place, name in enumerate((*BASE, *ROOMS))}
    wrong = []
    for path in files(CORE):
        inside = path.relative_to(PROJECT / CORE)
        room = inside.parts[0] if len(inside.parts) > 1 else inside.stem
        if room in ("training", "__init__"):
            continue  # to the right of all; the package hands on what notebooks use
        assert room in order, f"{shown(path)} stands in no room"
        wrong += [
            f"{shown(path)} imports {module}"
            for module in imported(path)
            if order.get(room_of(module), len(order)) > order[room]
        ]
    assert wrong == []


def test_nothing_that_runs_in_the_app_imports_the_training() -> None:
    paths = [*files(CORE, "pages"), PROJECT / "dashboard.py"]
    assert [
        shown(path)
        for path in paths
        if not shown(path).startswith(f"{CORE}/training/")
        and any(room_of(module) == "training" for module in imported(path))
    ] == []


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {
        shown(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in files(CORE, "pages", "tests", "benchmarks")
    }
    assert {path: n for path, n in lengths.items() if n > LONGEST} == {}


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def modules_named(tree: ast.Module) -> set[str]:
    """The names by which a file calls modules of the project."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.asname for one in node.names if one.asname and is_module(one.name)}
        elif isinstance(node, ast.ImportFrom):
            found |= {one.asname or one.name for one in node.names if is_module(f"{node.module}.{one.name}")}
    return found


@cache
def is_module(dotted: str) -> bool:
    path = PROJECT.joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def private_uses(path: Path) -> Iterator[str]:
    """Private names of other modules that a file imports, reads, or replaces for a test."""
    tree = parsed(path)
    modules = modules_named(tree)
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if is_module(module):
                yield from (f"{module}.{one.name}" for one in names if private(one.name))
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in modules and private(name):
                yield f"{owner}.{name}"
            case ast.Call(
                func=ast.Attribute(attr="setattr" | "delattr"),
                args=[ast.Name(id=owner), ast.Constant(value=str(name)), *_],
            ) if owner in modules and private(name):
                yield f"{owner}.{name}"
            case ast.Call(func=ast.Attribute(attr="setattr"), args=[ast.Constant(value=str(name)), *_]):
                if name.split(".")[0] == CORE and any(map(private, name.split("."))):
                    yield name


def test_no_module_uses_a_private_name_of_another() -> None:
    paths = [*files(CORE, "pages", "tests", "benchmarks"), PROJECT / "dashboard.py"]
    found = [(shown(path), name) for path in paths for name in private_uses(path)]
    assert list(found) == []


def called(value: ast.expr | None) -> str:
    """The name of what makes a value: ``Lock`` of ``threading.Lock()``."""
    if not isinstance(value, ast.Call):
        return ""
    made = value.func.value if isinstance(value.func, ast.Subscript) else value.func
    return made.attr if isinstance(made, ast.Attribute) else getattr(made, "id", "")


def changing_classes(tree: ast.Module) -> set[str]:
    """A file's own classes whose objects change: those that make themselves a lock, a cache or the like."""
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name == "__init__"
        if any(called(value) in STATE for value in values_of(method))
    }


def values_of(function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]


def written(tree: ast.Module) -> set[str]:
    """Names whose objects a file changes in place, or that it binds again from inside a function."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Global(names=names):
                found |= set(names)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in WRITES:
                found.add(name)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.AugAssign(target=ast.Name(id=name)):
                found.add(name)
    return found


def state_of(path: Path) -> Iterator[str]:
    """Names at the top of a module that stand for something that changes."""
    tree = parsed(path)
    changed, kinds = written(tree), STATE | changing_classes(tree)
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                pass
            case _:
                continue
        if name in changed or called(value) in kinds:
            yield name


def test_no_module_has_state_of_its_own() -> None:
    found = {
        f"{path.relative_to(PROJECT / CORE).with_suffix('').as_posix()}:{name}"
        for path in files(CORE)
        for name in state_of(path)
    }
    assert found - ALLOWED.keys() == set()
    assert {shown(path): [*state_of(path)] for path in files("pages") if [*state_of(path)]} == {}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_to_have_state_is_still_there(name: str) -> None:
    module, _, variable = name.partition(":")
    assert re.search(rf"^{variable}\b", (PROJECT / CORE / f"{module}.py").read_text(), re.MULTILINE)
