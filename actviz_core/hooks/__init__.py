"""Hooked forward passes. The only package that registers a hook on a module."""

from actviz_core.hooks.capture import capture
from actviz_core.hooks.record import Record
from actviz_core.hooks.tree import ModuleRow, module_tree

__all__ = ["ModuleRow", "Record", "capture", "module_tree"]
