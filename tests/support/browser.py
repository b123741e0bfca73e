"""A real browser for tests: pages, what they complain of, what they fetch, what axe-core finds."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Visit:
    """A page, and what happened on it since it was opened."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def serious_faults(self) -> list[str]:
        """Return what axe-core finds serious or critical, a line for each rule."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            f"{rule['id']}: {rule['help']} ({rule['nodes'][0]['html'][:200]})"
            for rule in found
            if rule["impact"] in ("serious", "critical")
        ]


@contextmanager
def visit(**context: Any) -> Iterator[Visit]:
    """Open an empty page in a headless browser.

    Args:
        context: As of playwright's ``new_context``, such as ``color_scheme="dark"`` and
            ``viewport={"width": 1280, "height": 900}``.

    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no browser here: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        # containers have no user namespaces, which its sandbox needs; only our own pages are shown
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            page = browser.new_context(**context).new_page()
            seen = Visit(page)
            page.on("console", lambda m: m.type == "error" and seen.errors.append(m.text))
            page.on("pageerror", lambda error: seen.errors.append(str(error)))
            page.on("request", lambda request: seen.requests.append(request.url))
            yield seen
        finally:
            browser.close()
