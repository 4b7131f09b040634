"""Tells, from a network's source text alone, which layers run at most once in a forward pass.

A pass may stop after a layer only when the layer cannot run again. That cannot be learned by running, so the
forward methods are read: a child that is called at one place, outside any loop or inner function, of a parent
for which the same holds, runs at most once. Anything less plain counts as "may run again".
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import lru_cache

from torch import nn

_LOOPS = (ast.For, ast.While, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_WAYS_AROUND = {
    "children",
    "modules",
    "named_children",
    "named_modules",
    "get_submodule",
    "_modules",
    "__dict__",
}


def runs_at_most_once(root: nn.Module, name: str) -> bool:
    """Whether the layer called ``name`` can run only once in a forward pass of ``root``."""
    parts = name.split(".")
    module = root
    ancestors = []
    for part in parts:
        ancestors.append(module)
        child = module._modules.get(part)
        if child is None or not _calls_once(module, part, child):
            return False
        module = child
    others = (other for ancestor in {*map(_class_of, ancestors)} for other in _reached_into(ancestor))
    return not set(parts).intersection(others) and _names_of(root, module) == 1


def _class_of(module: nn.Module) -> type:
    return type(module)


def _names_of(root: nn.Module, module: nn.Module) -> int:
    return sum(other is module for _, other in root.named_modules(remove_duplicate=False))


def _calls_once(parent: nn.Module, child_name: str, child: nn.Module) -> bool:
    if "forward" in vars(parent) or type(parent).__call__ is not nn.Module.__call__:
        return False  # replaced on the instance: not the method that the class's source shows
    if type(parent).forward is nn.Sequential.forward:
        return sum(other is child for other in parent._modules.values()) == 1
    return child_name in _called_once(_class_of(parent))


@lru_cache(maxsize=1024)
def _called_once(parent: type) -> frozenset[str]:
    """The attributes of ``self`` that one call of ``forward`` calls at most once."""
    methods = _methods(parent)
    if methods is None or "forward" not in methods:
        return frozenset()
    mentions: dict[str, list[bool]] = {}
    where: dict[str, str] = {}
    for method, tree in methods.items():
        for attribute, plain in _mentions_of_self(tree):
            if attribute in _WAYS_AROUND or attribute == "":
                return frozenset()
            mentions.setdefault(attribute, []).append(plain)
            where[attribute] = method

    def once(attribute: str, depth: int = 0) -> bool:
        if attribute == "forward":
            return "forward" not in mentions
        if mentions.get(attribute) != [True] or depth > len(methods):
            return False
        return once(where[attribute], depth + 1)

    return frozenset(attribute for attribute in mentions if once(attribute))


def _methods(parent: type) -> dict[str, ast.FunctionDef] | None:
    """The syntax trees of a class's methods, inherited ones too; None where one has no source."""
    methods: dict[str, ast.FunctionDef] = {}
    for cls in reversed(parent.__mro__[: parent.__mro__.index(nn.Module)]):
        for name, value in vars(cls).items():
            function = inspect.unwrap(value) if callable(value) else None
            if not inspect.isfunction(function) or name.startswith("__"):
                continue
            try:
                tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
            except (OSError, TypeError, SyntaxError):
                return None
            if not isinstance(tree, ast.FunctionDef) or not tree.args.args or function is not value:
                return None
            methods[name] = tree
    return methods


def _mentions_of_self(method: ast.FunctionDef) -> Iterator[tuple[str, bool]]:
    """Each ``self.name``, and whether it is a plain call; ``""`` for a ``self`` that goes somewhere else."""
    self_name = method.args.args[0].arg
    todo: list[tuple[ast.AST, bool]] = [(node, True) for node in method.body]
    while todo:
        node, plain = todo.pop()
        called = node.func if isinstance(node, ast.Call) else None
        if called is not None and _is_self(called, self_name):
            yield _attribute(called), plain
            todo.extend((argument, plain) for argument in (*node.args, *node.keywords))  # type: ignore[attr-defined]  # node is a Call here
            continue
        if _is_self(node, self_name):
            yield _attribute(node), False
            continue
        if isinstance(node, ast.Name) and node.id == self_name:
            yield "", False
        plain = plain and not isinstance(node, _LOOPS + _INNER)
        todo.extend((child, plain) for child in ast.iter_child_nodes(node))


def _is_self(node: ast.AST, self_name: str) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == self_name


def _attribute(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""


@lru_cache(maxsize=1024)
def _reached_into(parent: type) -> frozenset[str]:
    """Attributes taken from something other than ``self``: how a parent may call another module's child."""
    names: set[str] = set()
    for method in (_methods(parent) or {}).values():
        self_name = method.args.args[0].arg
        names.update(
            node.attr
            for node in ast.walk(method)
            if isinstance(node, ast.Attribute) and not _is_self(node, self_name)
        )
    return frozenset(names)
