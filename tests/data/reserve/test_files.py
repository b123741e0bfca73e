import csv
from pathlib import Path

from faces_on_disk import people

from facesearch.config import DataConfig
from facesearch.data.faces import read_reserve
from facesearch.data.reserve.files import COLUMNS, split_text

NAMES = [f"anna {i}" for i in range(60)]


def test_every_image_is_in_the_file_once_with_what_it_is_used_for(tmp_path: Path) -> None:
    root = people(tmp_path / "faces", NAMES, each=5)
    rows = list(csv.DictReader(split_text(read_reserve(DataConfig(root=str(root)))).splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert sorted(row["path"] for row in rows) == sorted(
        str(path.relative_to(root)) for path in root.glob("*/*.jpg")
    )
    used = {(row["split"], row["role"]) for row in rows}
    assert used == {
        ("train", "train"), ("val", "closed set"), ("val", "gallery"), ("val", "probe"),
        ("test", "gallery"), ("test", "probe"), ("test", "non-mated probe"),
    } | ({("val", "non-mated probe")} & used)  # fmt: skip
    whose = {name: {row["split"] for row in rows if row["identity"] == name} for name in NAMES}
    assert all(splits in ({"train", "val"}, {"val"}, {"test"}) for splits in whose.values())
