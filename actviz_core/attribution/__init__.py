"""Which parts of a picture an answer rests on, and whether that is true: module and tensors in, maps out."""

from actviz_core.attribution.answer import Progress, Question
from actviz_core.attribution.attribute import Attribution, Settings, attribute
from actviz_core.attribution.covering import Curve, MapTest, put_to_test, random_curves
from actviz_core.attribution.grad_cam import grad_cam_layer
from actviz_core.attribution.methods import ABOUT, About, Method
from actviz_core.attribution.possible import why_not
from actviz_core.attribution.rollout import attention_rollout

__all__ = [
    "ABOUT",
    "About",
    "Attribution",
    "Curve",
    "MapTest",
    "Method",
    "Progress",
    "Question",
    "Settings",
    "attention_rollout",
    "attribute",
    "grad_cam_layer",
    "put_to_test",
    "random_curves",
    "why_not",
]
