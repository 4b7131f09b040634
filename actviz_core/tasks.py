"""What a network's answer says, and whether the network has learned."""

from enum import StrEnum


class Task(StrEnum):
    """What a network's output says: one class for the picture, a class a pixel, or nothing about classes."""

    CLASSIFICATION = "classification"
    SEGMENTATION = "segmentation"
    FEATURES = "features"


class Training(StrEnum):
    """Whether a network has learned: what may be said about its channels depends on it."""

    TRAINED = "trained"
    RANDOM = "random"
    UNKNOWN = "unknown"
