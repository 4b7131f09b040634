"""How an activation's axes are read: channels, rows, columns, tokens; found from a network's structure."""
