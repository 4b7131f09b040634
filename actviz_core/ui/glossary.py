"""What the words of this app mean: one sentence each, the same wherever they are explained."""

from enum import StrEnum


class Term(StrEnum):
    """A word that people who don't program may meet here first."""

    LAYER = "layer"
    WEIGHTS = "weights"
    ACTIVATION = "activation"
    CHANNEL = "channel"
    STRENGTH = "strong"
    STEP = "step"
    TRAY = "tray"


_MEANINGS = {
    Term.LAYER: "A layer is one part of a network: it takes numbers in and returns numbers, with which the "
    "next ones go on.",
    Term.WEIGHTS: "Weights are the numbers inside a network that training sets; random weights have learned "
    "nothing.",
    Term.ACTIVATION: "An activation is all the numbers that a layer returns for one picture.",
    Term.CHANNEL: "A channel is one feature that a layer computes: a map with a number for each place, or "
    "a single number.",
    Term.STRENGTH: "Measured by the layer's largest distance from zero, a channel is strong from half of it "
    "on, weak below that, nearly silent up to 1 % of it, and silent where it is zero everywhere.",
    Term.STEP: "A step is what a network computes between its layers, such as the sum of a block and its "
    "short cut.",
    Term.TRAY: "The tray keeps up to six pictures at hand on every page.",
}


def meaning(*terms: Term) -> str:
    """What one or more words mean, a sentence each, in the order given."""
    return " ".join(_MEANINGS[term] for term in terms)
