from pathlib import Path

import pytest
from browser import visit
from sweeps import TEXT, simulated_sweep

from facesearch.report.page import write
from facesearch.report.sweep_report import build_sweep

SECTIONS = (
    "Verdict", "Summary", "Leaderboard", "Progress", "Parameters", "Quality against cost",
    "Failures", "Cost",
)  # fmt: skip


def test_the_page_has_every_part(tmp_path: Path) -> None:
    page, charts = build_sweep(simulated_sweep(tmp_path))
    for title in SECTIONS:
        assert f">{title}</h2>" in page
    assert {chart.name for chart in charts} == {
        "best-so-far", "learning-curves", "parallel-coordinates", "importance", "slices", "pair",
        "front", "cost",
    }  # fmt: skip
    assert "1 diverged, 1 out_of_memory: 8% of the trials" in page


def test_small_sweeps_have_a_page_too(tmp_path: Path) -> None:
    page, _ = build_sweep(simulated_sweep(tmp_path / "one", trials=1, num_failed=0))
    assert "Nothing can be said to have decided with 1 trials" in page and "No trial failed" in page
    page, charts = build_sweep(simulated_sweep(tmp_path / "failed", trials=1, num_failed=1))
    assert "1 diverged" in page and charts


def test_the_name_of_a_sweep_is_only_a_name(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path, trials=2, text=TEXT)
    evil = folder.rename(tmp_path / "<b>bold<b>-0001")
    page, _ = build_sweep(evil)
    assert "<b>bold" not in page and "&lt;b&gt;bold" in page


@pytest.mark.slow
def test_it_is_usable_in_a_browser(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path)
    path = write(folder, *build_sweep(folder)).resolve()
    for scheme in ("light", "dark"):
        with visit(color_scheme=scheme, viewport={"width": 1200, "height": 900}) as seen:
            page = seen.page
            page.goto(path.as_uri())
            page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
            assert seen.serious_faults() == []
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
            # by keyboard alone: the link past the contents, the button, a figure's numbers
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip"
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            other = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert other != ground
            page.locator("summary").first.focus()
            page.keyboard.press("Enter")
            assert page.locator("details").first.get_attribute("open") is not None
            page.emulate_media(media="print")
            page.screenshot(path=tmp_path / f"{scheme}-print.png", full_page=True)
            assert not page.locator("nav").is_visible()
            assert not page.locator("#theme").is_visible()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
                "rgb(255, 255, 255)"
            )
            assert seen.errors == [] and seen.requests == [path.as_uri()]


@pytest.mark.slow
def test_nothing_is_cut_on_a_phone(tmp_path: Path) -> None:
    folder = simulated_sweep(tmp_path)
    path = write(folder, *build_sweep(folder)).resolve()
    with visit(viewport={"width": 400, "height": 800}) as seen:
        seen.page.goto(path.as_uri())
        seen.page.screenshot(path=tmp_path / "phone.png", full_page=True)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400
