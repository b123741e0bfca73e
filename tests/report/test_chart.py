import re
import xml.etree.ElementTree as ET

from matplotlib.figure import Figure

from facesearch.report.chart import GRID, INK, PALETTE, Chart, as_file, draw


def line(figure: Figure) -> None:
    axes = figure.subplots()
    axes.plot([0, 1, 2], [1, 3, 2], color=PALETTE[0], label="a & <b>")
    axes.set(xlabel="epoch", ylabel='"score"')
    axes.legend()


def some_chart(name: str = "some", alt: str = "It rises, then falls.") -> Chart:
    return draw(name, "A line", alt, line, [{"x": 0, "y": 1}])


def test_the_svg_is_one_element_with_a_role_and_a_name() -> None:
    root = ET.fromstring(some_chart(alt='a < b & "c"').svg)
    assert root.tag.endswith("svg")
    assert root.get("role") == "img" and root.get("aria-label") == 'a < b & "c"'


def test_text_stays_text_and_is_escaped() -> None:
    svg = some_chart().svg
    assert "a &amp; &lt;b&gt;" in svg and ">epoch<" in svg


def test_ink_and_lines_follow_the_page_and_the_others_stay() -> None:
    svg = some_chart().svg
    assert INK not in svg and GRID not in svg
    assert "var(--ink)" in svg and "var(--line)" in svg and PALETTE[0].lower() in svg


def test_every_reference_in_the_svg_leads_to_an_id_of_its_own_chart() -> None:
    svg = some_chart("mine").svg
    ids = re.findall(r'\bid="([^"]+)"', svg)
    used = re.findall(r'href="#([^"]+)"', svg) + re.findall(r"url\(#([^)]+)\)", svg)
    assert len(ids) == len(set(ids)) and all(one.startswith("mine-") for one in ids)
    assert used and set(used) <= set(ids)


def test_the_same_data_gives_the_same_bytes() -> None:
    first, second = some_chart(), some_chart()
    assert first == second
    assert not re.search(r"20\d\d-\d\d-\d\dT", first.svg)


def test_the_file_is_a_document_with_its_own_colours() -> None:
    text = as_file(some_chart())
    ET.fromstring(text.split("\n", 1)[1])
    assert text.startswith("<?xml") and "var(" not in text and INK in text


def test_the_png_is_light_and_a_picture() -> None:
    import io

    from PIL import Image

    picture = Image.open(io.BytesIO(some_chart().png))
    assert picture.size == (1152, 576)
    assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_drawing_leaves_the_settings_of_others_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    some_chart()
    assert dict(mpl.rcParams) == before
