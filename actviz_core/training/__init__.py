"""How the bundled network was trained and measured. Nothing in the running app imports it."""
