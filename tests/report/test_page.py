import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from facesearch.errors import InputError
from facesearch.report.chart import Chart, draw
from facesearch.report.page import (
    Commands,
    FaceRow,
    Faces,
    Facts,
    Prose,
    Section,
    Table,
    charts_of,
    columns,
    render,
    shown_cell,
    style_of,
    write,
)

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7 * 7 }} &amp;"


class Tags(HTMLParser):
    """The tags, attributes and texts that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def chart(name: str = "one", **changes: Any) -> Chart:
    def paint(figure: Figure) -> None:
        figure.subplots().plot([1, 2], label=changes.get("label", "a"))
        figure.legend()

    rows = changes.get("rows", [{"x": 1, "y": 0.5}])
    return draw(name, changes.get("title", "One"), changes.get("alt", "A line."), paint, rows)


def page_of(*blocks: Any, title: str = "Sweep s", subtitle: str = "24 trials") -> str:
    return render(title, subtitle, [Section("Part", blocks)])


def test_nothing_that_is_written_by_others_becomes_markup() -> None:
    text = render(HOSTILE, HOSTILE, [
        Section(HOSTILE, [
            Prose(HOSTILE), Table(HOSTILE, [{HOSTILE: HOSTILE}], HOSTILE),
            chart(title=HOSTILE, alt=HOSTILE, label=HOSTILE, rows=[{HOSTILE: HOSTILE}]),
            Faces(HOSTILE, [FaceRow(HOSTILE, [b"\xff\xd8"])]),
            Facts([(HOSTILE, HOSTILE)]), Commands([(HOSTILE, HOSTILE)]),
        ]),
    ])  # fmt: skip
    seen = Tags()
    seen.feed(text)
    assert seen.names.count("script") == 1 and "b" not in seen.names
    assert not {name for name in seen.attributes if name.startswith("on")}
    assert HOSTILE in seen.texts and "49" not in seen.texts


def test_the_page_asks_for_nothing() -> None:
    text = page_of(chart(), Faces("f", [FaceRow("a", [b"jpeg"])]))
    loads = re.findall(r'(?:src|href)="([^"]*)"', text) + re.findall(r"url\(([^)]*)\)", text)
    assert all(one.startswith(("#", "data:")) for one in loads)
    assert "@import" not in text and "base64," + base64.b64encode(b"jpeg").decode() in text


def test_a_section_is_in_the_contents_and_an_empty_one_nowhere() -> None:
    text = render("t", "s", [Section("1:1, all", [Prose("x")]), Section("Empty", [])])
    assert '<a href="#1-1-all">1:1, all</a>' in text and '<h2 id="1-1-all">' in text
    assert "Empty" not in text


def test_paragraphs_are_apart() -> None:
    assert page_of(Prose("one\n\ntwo")).count("<p>") == 2


def test_a_table_has_a_caption_and_scopes_and_can_be_focused() -> None:
    text = page_of(
        Table("Best", [{"trial": 1, "score": 0.25}, {"trial": 2, "why": "a b"}], "Note.")
    )
    assert "<caption>Best</caption>" in text and text.count('<th scope="col"') == 3
    assert 'tabindex="0" role="region" aria-label="Best"' in text and ">0.2500<" in text
    assert '<p class="note">Note.</p>' in text


def test_a_chart_comes_with_words_and_its_numbers() -> None:
    text = page_of(chart(rows=[{"x": n} for n in range(250)]))
    assert "<figcaption>One</figcaption>" in text and 'role="img" aria-label="A line."' in text
    assert "The first 200 of 250 rows." in text and '<td class="number">199<' in text
    assert '<td class="number">200<' not in text


def test_a_face_says_what_it_shows() -> None:
    text = page_of(Faces("Hard", [FaceRow("Ann & Bo", [b"a", b"b"])]))
    assert 'alt="Ann &amp; Bo, picture 2"' in text


@pytest.mark.parametrize(
    ("numbers", "style"),
    [([0.5, 0.25, None], ".4f"), ([0.5, 12.0], ".4g"), ([1e-5, 0.5], ".4g"), ([0.0, 1.0], ".4f"),
     ([float("nan")], ".4g"), ([1, 2], ".4g")],
)  # fmt: skip
def test_a_column_is_written_in_one_way(numbers: list[Any], style: str) -> None:
    assert style_of("a", [{"a": number} for number in numbers]) == style


def test_cells() -> None:
    assert [shown_cell(v) for v in (None, float("nan"), 0.123456, 3, True, False, "x")] == [
        "", "", "0.1235", "3", "yes", "no", "x",
    ]  # fmt: skip
    assert columns([{"a": 1}, {"b": 2, "a": 3}]) == ["a", "b"]


def test_it_writes_page_and_figures(tmp_path: Path) -> None:
    one, two = chart("one"), chart("two")
    sections = [Section("a", [one]), Section("b", [Prose("x"), two])]
    assert charts_of(sections) == [one, two]
    path = write(tmp_path / "new", "<html>", [one, two])
    assert path.read_text() == "<html>"
    figures = sorted(p.name for p in (tmp_path / "new/figures").iterdir())
    assert figures == ["one.png", "one.svg", "two.png", "two.svg"]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file: cannot be written .* use --out"):
        write(tmp_path / "file", "x", [])
