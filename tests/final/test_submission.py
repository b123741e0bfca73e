from pathlib import Path

from facesearch.final.submission import write_classification, write_verification


def test_the_formats_of_the_course(tmp_path: Path) -> None:
    write_classification(tmp_path / "c.csv", ["000000.jpg", "000001.jpg"], [7, 0])
    assert (tmp_path / "c.csv").read_text() == "id,label\n000000.jpg,7\n000001.jpg,0\n"
    write_verification(tmp_path / "v.csv", ["n000002", "n000001"])
    assert (tmp_path / "v.csv").read_text() == "id,label\n0,n000002\n1,n000001\n"
