"""Pairs of pictures: ``pairs.csv`` of anybody, ``pairs.txt`` of LFW."""

import re
from pathlib import Path

from facesearch.data.layouts.csv_file import Columns, read_csv
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import FacePairs
from facesearch.data.layouts.lookup import Lookup, short
from facesearch.data.layouts.text_file import read_text

_TRUTH = {"1": True, "true": True, "0": False, "false": False}
_AS_FRACTION = re.compile(r"\d+\.0+")
_COLUMNS = Columns(["path_a", "path_b", "same"], ["fold"], paths=("path_a", "path_b"))


def read_pair_csv(root: Path, faults: Faults) -> FacePairs:
    """Read ``pairs.csv``, if it is there; see `read_pair_list`."""
    path = root / "pairs.csv"
    return read_pair_list(path, root, faults) if path.is_file() else FacePairs()


def read_pair_list(path: Path, root: Path, faults: Faults) -> FacePairs:
    """Read a CSV file of pairs: path_a,path_b,same and optionally fold.

    Args:
        path: The file; same is 0, 1, true or false, fold any whole number from 0; 1.0 is 1.
        root: What the paths in it begin at, and do not leave.
        faults: Where faults are added.

    """
    found: list[tuple[Path, Path, bool]] = []
    folds: list[int] = []
    rows = read_csv(path, _COLUMNS, faults)
    with Lookup(root, path.name, faults) as images:
        for number, row in rows:
            where = f"{path.name}: line {number}"
            one, other = (images.find(row[column], where) for column in _COLUMNS.paths)
            same = _TRUTH.get(_whole(row["same"]).lower())
            fold = _whole(row.get("fold", "0"))
            if same is None:
                faults.append(f"{where}: same is '{row['same']}'; write 0 or 1")
            if not _is_count(fold):
                faults.append(f"{where}: fold is '{row['fold']}'; write a whole number from 0")
            elif one is not None and other is not None and same is not None:
                found.append((one, other, same))
                folds.append(int(fold))
    place = {fold: place for place, fold in enumerate(sorted(set(folds)))}
    return _pairs(found, [place[fold] for fold in folds])


def read_lfw_pairs(path: Path, people: Path, faults: Faults) -> FacePairs:
    """Read LFW's pairs.txt or pairsDevTest.txt.

    The first line is ``folds<TAB>count`` (so many equal and so many other pairs in each fold), or
    the count alone for one fold. A pair of one person is ``name n1 n2``, of two ``name1 n1 name2
    n2``, with pictures ``name/name_0001.jpg``, or of another suffix. Names with blanks are parted
    by tabs.
    """
    text = read_text(path, "a file of pairs", faults)
    if text is None:
        return FacePairs()
    lines = text.splitlines()
    head = lines[0].split() if lines else []
    if len(head) not in (1, 2) or not all(map(_is_count, head)):
        found_line = short(lines[0]) if lines else ""
        faults.append(
            f"{path.name}: line 1: must be 'folds count' or 'count', found '{found_line}'"
        )
        return FacePairs()
    per_fold = 2 * int(head[-1])
    rows = [(n, lfw_words(line)) for n, line in enumerate(lines[1:], start=2) if line.strip()]
    if len(rows) != per_fold * (int(head[0]) if len(head) == 2 else 1):
        faults.append(f"{path.name}: {len(rows)} pairs, but line 1 promises {' x '.join(head)} x 2")
    found: list[tuple[Path, Path, bool]] = []
    folds: list[int] = []
    with Lookup(people, path.name, faults) as images:
        for place, (number, words) in enumerate(rows):
            pair = _lfw_pair(words, f"{path.name}: line {number}", images)
            if pair is not None:
                found.append(pair)
                folds.append(place // max(1, per_fold))
    return _pairs(found, folds)


def lfw_words(line: str) -> list[str]:
    """Return the words of a line of LFW: parted by tabs if there are any, else by blanks."""
    return [word.strip() for word in line.strip().split("\t")] if "\t" in line else line.split()


def _lfw_pair(words: list[str], where: str, images: Lookup) -> tuple[Path, Path, bool] | None:
    """Return the two images of a line and whether they are of one person, or None and a fault."""
    numbers = [words[i] for i in ((1, 2) if len(words) == 3 else (1, 3)) if i < len(words)]
    if len(words) not in (3, 4) or not all(map(_is_count, numbers)):
        images.faults.append(f"{where}: must be 'name n1 n2' or 'name1 n1 name2 n2'")
        return None
    names = [words[0], words[0] if len(words) == 3 else words[2]]
    one, other = (
        images.find_image(name, f"{name}_{int(number):04d}", where)
        for name, number in zip(names, numbers, strict=True)
    )
    return (one, other, len(words) == 3) if one is not None and other is not None else None


def _whole(word: str) -> str:
    """Return a whole number that a table holds as a fraction, 3.0, without its zeros."""
    return word.partition(".")[0] if _AS_FRACTION.fullmatch(word) else word


def _is_count(word: str) -> bool:
    return word.isdecimal() and len(word) <= 9


def _pairs(found: list[tuple[Path, Path, bool]], folds: list[int]) -> FacePairs:
    first, second, same = zip(*found, strict=True) if found else ((), (), ())
    return FacePairs(tuple(first), tuple(second), tuple(same), tuple(folds))
