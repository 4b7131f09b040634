"""The bundled network: ResNet-20 for CIFAR-10, its training, evaluation, checkpoints and model card."""
