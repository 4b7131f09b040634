"""The page Layers: the module tree as a table, and the sizes of all layers."""
