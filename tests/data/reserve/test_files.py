import csv
from pathlib import Path

from faces_on_disk import people

from facesearch.config import DataConfig
from facesearch.data.faces import read_reserve
from facesearch.data.reserve.files import COLUMNS, split_text

_SPLIT = {True: "test", False: "train"}
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


def test_the_file_in_the_folder_is_the_same_split(tmp_path: Path) -> None:
    root = people(tmp_path / "faces", NAMES, each=5)
    before = read_reserve(DataConfig(root=str(root)))
    (root / "faces.csv").write_text(split_text(before))
    after = read_reserve(DataConfig(root=str(root)))
    assert after.folder.layout == "image-list" and after.parts == ()
    for part in ("train", "dev", "known", "unknown_dev", "known_test", "unknown_test"):
        lists = [getattr(found.folder, part) for found in (before, after)]
        assert set(lists[0].paths) == set(lists[1].paths), part


def test_sets_of_its_own_and_further_columns_stay(tmp_path: Path) -> None:
    root = people(tmp_path / "faces", NAMES, each=5)
    rows = [
        f"{path.relative_to(root)},{path.parent.name},{_SPLIT[path.stem[-1] == '5']},side"
        for path in sorted(root.glob("*/*.jpg"))
    ]
    (root / "faces.csv").write_text("\n".join(["path,identity,split,pose", *rows]))
    written = split_text(read_reserve(DataConfig(root=str(root))))
    told = list(csv.DictReader(written.splitlines()))
    assert len(told) == 300 and {row["pose"] for row in told} == {"side"}
    closed = [row for row in told if (row["split"], row["role"]) == ("test", "closed set")]
    assert closed and all(row["path"].endswith("_0005.jpg") for row in closed)
