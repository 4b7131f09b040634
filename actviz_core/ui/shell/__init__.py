"""What stands around every page: sidebar, link and session, errors, waiting, the tray."""
