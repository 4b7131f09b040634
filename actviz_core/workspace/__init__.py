"""What everybody on a server shares: networks, activations, answers, sweeps."""
