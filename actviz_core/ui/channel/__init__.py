"""The page of one channel: the map large, and six cards that each answer one question about it."""
