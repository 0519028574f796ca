"""Pictures of the sample's page at three widths, light and dark: python -m tests.screenshots FOLDER

Needs a Chromium; `browser` finds the system's.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTHS = (390, 820, 1440)


def chromium() -> str | None:
    """The system's Chromium."""
    return which("chromium") or which("chromium-browser") or which("google-chrome")


@contextmanager
def browser() -> "Iterator[Browser]":
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def write_sample_page(path: Path) -> None:
    """The HTML report of the sample account, by the command that a user would give."""
    command = [sys.executable, "-m", "positivity", "score", "--sample", "--format", "html"]
    subprocess.run([*command, "--output", str(path)], check=True)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    page_file = folder / "sample.html"
    write_sample_page(page_file)
    with browser() as started:
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                page = started.new_page(
                    viewport={"width": width, "height": 900}, color_scheme=scheme
                )
                page.goto(page_file.resolve().as_uri())
                page.screenshot(path=folder / f"{width}-{scheme}.png", full_page=True)
                page.close()


if __name__ == "__main__":
    main()
