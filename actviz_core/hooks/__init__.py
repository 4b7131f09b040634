"""Hooked forward passes. The only package that registers a hook on a module."""

from actviz_core.hooks.architecture import architecture_of
from actviz_core.hooks.attention import Attention, AttentionRecord, capture_attention
from actviz_core.hooks.attention_grid import attention_from_prefix, attention_on_grid
from actviz_core.hooks.attention_weights import Origin
from actviz_core.hooks.capture import capture
from actviz_core.hooks.edits import Edit, only_positive, scale, switch_off
from actviz_core.hooks.estimate import Estimate, estimate
from actviz_core.hooks.gradient_record import GradientRecord
from actviz_core.hooks.gradients import capture_gradients
from actviz_core.hooks.input_source import input_source
from actviz_core.hooks.record import Record
from actviz_core.hooks.reducing import reduce_calls
from actviz_core.hooks.token_layout import TokenGrid, WindowGrid
from actviz_core.hooks.tree import ModuleRow, module_tree
from actviz_core.hooks.worth import channel_worth

__all__ = [
    "Attention",
    "AttentionRecord",
    "Edit",
    "Estimate",
    "GradientRecord",
    "ModuleRow",
    "Origin",
    "Record",
    "TokenGrid",
    "WindowGrid",
    "architecture_of",
    "attention_from_prefix",
    "attention_on_grid",
    "capture",
    "capture_attention",
    "capture_gradients",
    "channel_worth",
    "estimate",
    "input_source",
    "module_tree",
    "only_positive",
    "reduce_calls",
    "scale",
    "switch_off",
]
