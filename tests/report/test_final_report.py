import re
import shutil
from pathlib import Path

import pytest
from browser import visit
from faces_on_disk import lfw
from finals import NUM_PEOPLE, final_folder

from facesearch.report.final_report import FinalPage, build_final, open_final
from facesearch.report.page import write

EVIL = tuple(f"<script>n{number}<&'" for number in range(NUM_PEOPLE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return final_folder(tmp_path_factory.mktemp("final"))


@pytest.fixture(scope="module")
def page(folder: Path) -> FinalPage:
    return open_final(folder)


def sections_of(html: str) -> list[str]:
    return re.findall(r"<h2 [^>]*>([^<]*)</h2>", html)


def test_a_page_says_everything_that_is_known(page: FinalPage) -> None:
    html = page.html()
    assert sections_of(html) == [
        "Verdict", "In words", "What to mind", "All figures",
        "1:1: do two pictures show one person?",
        "1:N: whose face is it?", "Training, seeds and luck", "Where it is better and worse",
        "Faces that it finds hard", "How it was made",
    ]  # fmt: skip
    for said in ("LEAK: 1 picture", "tar_at_far_1e-2", "as many false accepts as false rejects",
                 "These faces are generated", "dev: most confused"):  # fmt: skip
        assert said in html
    assert html.count("data:image/jpeg") >= 16
    assert html.index("LEAK: 1 picture") < html.index("cannot be measured")


def test_the_page_for_others_shows_and_names_nobody(page: FinalPage) -> None:
    html = page.html(with_faces=False)
    assert "data:image/jpeg" not in html and "hard" not in " ".join(sections_of(html))
    assert not re.search(r"\bg0000\d\d\b", html)
    assert "recognised least" not in html and "most confused" not in html
    assert page.charts.all and html.count("<svg") == len(page.charts.all)


def test_a_report_without_faces_or_model_still_gives_a_page(folder: Path, tmp_path: Path) -> None:
    leak = "LEAK: 2 names of known are names of training too (Ada, Bob): if these"
    text = (folder / "report.json").read_text()
    (tmp_path / "report.json").write_text(text.replace("LEAK: 1 picture", f"{leak}"))
    html, charts = build_final(tmp_path)
    assert "There is only the report" in html and "no curves of every score" in html
    assert "data:image/jpeg" not in html and charts[0].name == "roc"
    told, _ = build_final(tmp_path, with_faces=False)
    assert "most confused" in html and "most confused" not in told
    assert "(Ada, Bob)" in html and "training too: if these" in told and "Ada" not in told
    assert "How it was made" not in html and "The faces are not at hand" in html


def test_names_are_text_whatever_they_hold(tmp_path: Path) -> None:
    page = open_final(final_folder(tmp_path, EVIL))
    html = page.html()
    assert "<script>n" not in html and "&lt;script&gt;n0&lt;&amp;&#39;" in html
    assert "script&gt;n" not in page.html(with_faces=False)


def test_photographs_are_told_and_left_out_for_others(tmp_path: Path) -> None:
    root = lfw(tmp_path / "<b>faces", EVIL[:4])
    page = open_final(final_folder(tmp_path, root=str(root)))
    html = page.html()
    assert "holds photographs of people" in html and "not for publication" in html
    assert "<b>faces" not in html and "trained on &lt;b&gt;faces" in html
    # four pairs of two pictures, and all are shown as there are so few
    assert html.count("data:image/jpeg") == 8
    assert "data:image/jpeg" not in page.html(with_faces=False)
    assert "photographs" not in page.html(with_faces=False)


def test_a_page_of_a_lone_bundle_belongs_beside_it(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "model", tmp_path / "mine")
    assert open_final(tmp_path / "mine").source.place == tmp_path / "mine-report"
    assert open_final(folder / "model").source.place == folder


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_whole_in_a_browser(page: FinalPage, tmp_path: Path, scheme: str) -> None:
    path = write(tmp_path, page.html(), page.charts.all)
    with visit(color_scheme=scheme, viewport={"width": 1280, "height": 900}) as seen:
        seen.page.goto(path.as_uri())
        assert seen.serious_faults() == []
        assert seen.errors == []
        asked = [url for url in seen.requests if not url.startswith("data:")]
        assert asked == [path.as_uri()]
        assert seen.page.locator("figure svg").count() == len(page.charts.all)
        width = "document.documentElement.scrollWidth"
        assert seen.page.evaluate(width) <= 1280
        seen.page.set_viewport_size({"width": 390, "height": 800})
        assert seen.page.evaluate(width) <= 390
        assert len(seen.page.pdf(format="A4")) > 10_000
