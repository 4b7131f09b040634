"""The page Samples: sources, the contact sheet, uploads, the tray."""
