"""The methods that say which parts of a picture an answer rests on, each in one plain sentence."""

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """A method of attribution, by the name that links use."""

    SALIENCY = "saliency"
    INPUT_X_GRADIENT = "input-x-gradient"
    INTEGRATED_GRADIENTS = "integrated-gradients"
    SMOOTH_GRAD = "smoothgrad"
    GUIDED_BACKPROP = "guided-backprop"
    DEEP_LIFT = "deeplift"
    OCCLUSION = "occlusion"
    GRAD_CAM = "grad-cam"
    GUIDED_GRAD_CAM = "guided-grad-cam"
    ATTENTION_ROLLOUT = "attention-rollout"


@dataclass(frozen=True)
class About:
    """What to know of a method.

    Attributes:
        title: its name as people write it.
        sentence: what its map shows.
        signed: whether values below zero mean that a place speaks against the class.
        of_class: whether the map depends on the class it is asked about.

    """

    title: str
    sentence: str
    signed: bool
    of_class: bool = True


ABOUT: dict[Method, About] = {
    Method.SALIENCY: About(
        "Saliency", "How strongly the class reacts when a pixel changes a little, up or down.", signed=False
    ),
    Method.INPUT_X_GRADIENT: About(
        "Input x Gradient",
        "Each pixel's value times the slope of the class at this picture: for or against the class.",
        signed=True,
    ),
    Method.INTEGRATED_GRADIENTS: About(
        "Integrated Gradients",
        "Each pixel's share of the difference between this picture and an empty one, for or against.",
        signed=True,
    ),
    Method.SMOOTH_GRAD: About(
        "SmoothGrad",
        "How strongly the class reacts to each pixel, averaged over noisy copies of the picture.",
        signed=False,
    ),
    Method.GUIDED_BACKPROP: About(
        "Guided Backprop",
        "The gradient with everything negative held back at each ReLU: sharp edges that some feature likes.",
        signed=True,
    ),
    Method.DEEP_LIFT: About(
        "DeepLift",
        "Each pixel's share of the difference to an empty picture, followed back layer by layer.",
        signed=True,
    ),
    Method.OCCLUSION: About(
        "Occlusion", "How far the class falls when a small window of the picture is covered.", signed=True
    ),
    Method.GRAD_CAM: About(
        "Grad-CAM", "Where a late layer's features that speak for the class are found.", signed=False
    ),
    Method.GUIDED_GRAD_CAM: About(
        "Guided Grad-CAM",
        "Guided Backprop where Grad-CAM finds the class: sharp edges in the right places.",
        signed=True,
    ),
    Method.ATTENTION_ROLLOUT: About(
        "Attention rollout",
        "How much of each patch reaches the answer by attention alone, whatever the class.",
        signed=False,
        of_class=False,
    ),
}
