"""What kinds of layers do, in a short note for people who don't program."""

import re

_NOTES = {
    "conv": "Slides small filters over its input. A channel is one filter's answer, high where it fits.",
    "batchnorm": "Shifts and scales each channel, so that all have a similar range. It changes no pattern.",
    "relu": "Keeps positive answers and sets negative ones to zero: silence where nothing was found.",
    "activation": "Bends each value along a fixed curve, so that the network can do more than add things up.",
    "maxpool": "Keeps the strongest answer of each small patch. The maps get smaller and coarser.",
    "avgpool": "Averages each channel over patches. A single value left says how much there is, not where.",
    "linear": "Weighs all its inputs against each other. As the last layer it gives every class one score.",
    "sequential": "Runs the layers inside it one after the other. You see what the last of them returned.",
    "block": "A few convolutions with a short cut around them: what they found is added to what came in.",
    "flatten": "Lays all values out in one long row for the layers that follow. No value changes.",
    "identity": "Passes on what it gets, unchanged.",
    "dropout": "Switches values off at random while training. In use, as here, it changes nothing.",
    "softmax": "Turns scores into shares that add up to 100 %.",
    "add": "Adds two results cell by cell, such as a block's answer and what came in by the short cut.",
    "concat": "Puts the channels of several results next to each other.",
    "upsample": "Makes the maps larger again by repeating or blending cells.",
    "layernorm": "Brings all values of one place into a similar range, so that none drowns the others.",
    "attention": "Lets every place mix in values from every other place, more from some than from others.",
    "embedding": "Looks up a list of numbers, part of the weights, for each piece of the input.",
}
_STEP_NOTES = {
    "add": _NOTES["add"],
    "sub": "Subtracts one result from another, or a fixed number from all values.",
    "mul": "Multiplies two results cell by cell, such as channels by a factor for each of them.",
    "div": "Divides all values, mostly by a fixed number.",
    "cat": _NOTES["concat"],
    "matmul": "Weighs results by results, as attention does, instead of by the network's weights.",
    "roll": "Moves all cells, and puts those that leave on one side back in on the other.",
    "mean": "Averages over some of the axes: over all places, it leaves one number a channel.",
    "sum": "Adds up over some of the axes: over all places, it leaves one number a channel.",
}
_GENERIC = "One layer of the network. Each channel is one thing it computes from the picture."

# The first pattern found in the type's name, in lower case, decides; so special ones come first.
_PATTERNS = (
    (r"basicblock|bottleneck|residual|inverted|mbconv|cnblock", "block"),
    (r"batchnorm|instancenorm|groupnorm", "batchnorm"),
    (r"layernorm|rmsnorm", "layernorm"),
    (r"conv", "conv"),
    (r"maxpool", "maxpool"),
    (r"pool", "avgpool"),
    (r"softmax", "softmax"),
    (r"relu\d?$", "relu"),
    (r"gelu|silu|swish|sigmoid|tanh|mish|softplus|elu", "activation"),
    (r"attention", "attention"),
    (r"embedding", "embedding"),
    (r"linear", "linear"),
    (r"sequential|modulelist", "sequential"),
    (r"flatten", "flatten"),
    (r"identity", "identity"),
    (r"dropout|droppath|stochasticdepth", "dropout"),
    (r"^(float)?(add|sum)", "add"),
    (r"concat|^cat$", "concat"),
    (r"upsample|pixelshuffle", "upsample"),
)


def layer_note(type_name: str) -> str:
    """What a layer of this type does, such as "Conv2d"; a general note for types not known here."""
    name = type_name.rpartition(".")[2].lower()
    for pattern, note in _PATTERNS:
        if re.search(pattern, name):
            return _NOTES[note]
    return _GENERIC


def step_note(function: str) -> str:
    """What a step between layers does, by the name of its function, such as "add"."""
    return _STEP_NOTES.get(function) or layer_note(function)
