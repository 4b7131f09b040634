"""What the rest runs on: caches, background work, downloads, memory. Knows no pictures and no networks."""
