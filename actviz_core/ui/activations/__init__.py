"""The page Activations, and the parts of it that other pages show too."""
