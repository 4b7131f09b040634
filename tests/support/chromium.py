"""Finds a Chromium: the system's, else Playwright's own, else Playwright's download."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
)
FLAGS = (
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowserError(RuntimeError):
    """No Chromium can be started on this machine; the message says what was tried."""


def find_chromium() -> str | None:
    """The path of the system's Chromium or Chrome, or None."""
    on_path = (shutil.which(name) for name in NAMES)
    return next((found for found in (*on_path, *PLACES) if found and Path(found).exists()), None)


def launch(playwright: Playwright) -> Browser:
    """Start a headless Chromium.

    Raises:
        NoBrowserError: There is none, and none can be downloaded.

    """
    system = find_chromium()
    try:
        return playwright.chromium.launch(executable_path=system, args=FLAGS)
    except Error as error:
        if system:
            raise NoBrowserError(f"{system} does not start: {error.message}") from error
    problem = _download()
    try:
        return playwright.chromium.launch(args=FLAGS)
    except Error as error:
        raise NoBrowserError(
            "No Chromium or Chrome is on this machine, and Playwright could not get one: "
            f"{problem or error.message}"
        ) from error


@cache
def _download() -> str:
    """Ask Playwright for its browser, once a run; what went wrong, or an empty text."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return "the download took longer than ten minutes"
    return done.stderr.strip() if done.returncode else ""
