from pathlib import Path

from faces_on_disk import picture

from facesearch.data.layouts.name_index import NameIndex, folded, stem_of
from facesearch.data.layouts.names import plain


def test_an_entry_is_found_in_each_form(tmp_path: Path) -> None:
    path = picture(tmp_path / "Anna" / "Jose\u0301.JPG", 1)
    index = NameIndex()
    assert index.walk(tmp_path, ["Anna", "Jos\xe9.JPG"], plain) == path
    assert index.walk(tmp_path, ["anna", "jos\xe9.jpg"], folded) == path
    assert index.walk(tmp_path, ["anna", "jos\xe9.jpg"], plain) is None
    assert index.only(tmp_path / "Anna", "Jos\xe9", stem_of) == path
    assert index.walk(tmp_path, [], plain) == tmp_path


def test_of_several_entries_the_exact_one_is_meant_or_none(tmp_path: Path) -> None:
    for name in ("a", "A", "b ", "b"):
        (tmp_path / name).mkdir()
    index = NameIndex()
    assert index.only(tmp_path, "b", plain) == tmp_path / "b"
    assert index.only(tmp_path, " b", plain) is None
    assert index.only(tmp_path, "nobody", plain) is None
    assert index.only(tmp_path / "not there", "b", plain) is None


def test_only_images_have_a_stem() -> None:
    assert stem_of("a.b.PNG") == "a.b" and stem_of("notes.txt") == "" and stem_of("a") == ""
