"""The page Compare: the board, its panels and presets."""
