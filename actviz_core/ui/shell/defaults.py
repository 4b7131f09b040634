"""What a first visitor finds filled in."""

DEFAULT_MODEL = "cifar-resnet20"
DEFAULT_IMAGE = "bundled-cifar10/0"
