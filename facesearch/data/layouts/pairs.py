"""Pairs of pictures: ``pairs.csv`` of anybody, ``pairs.txt`` of LFW."""

from pathlib import Path

from facesearch.data.layouts.csv_file import read_csv
from facesearch.data.layouts.folder import FacePairs

_TRUTH = {"1": True, "true": True, "0": False, "false": False}


def inside(root: Path, name: str, where: str, faults: list[str]) -> Path | None:
    """Return the file ``name`` below ``root``, or None and a fault."""
    path = root / name
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            faults.append(f"{where}: '{_short(name)}' leaves {root}; write a path inside it")
            return None
        if path.is_file():
            return path
    except (OSError, RuntimeError, ValueError):
        # too long, a link to itself, or with characters that no path has
        faults.append(f"{where}: no path of a picture: {_short(name)!r}")
        return None
    faults.append(f"{where}: no such picture: {_short(name)}")
    return None


def _short(name: str) -> str:
    return name if len(name) <= 200 else f"{name[:200]}... ({len(name)} characters)"


def read_pair_csv(root: Path, faults: list[str]) -> FacePairs:
    """Read ``pairs.csv``, if it is there; see `read_pair_list`."""
    path = root / "pairs.csv"
    return read_pair_list(path, root, faults) if path.is_file() else FacePairs()


def read_pair_list(path: Path, root: Path, faults: list[str]) -> FacePairs:
    """Read a CSV file of pairs: path_a,path_b,same and optionally fold.

    Args:
        path: The file; same is 0, 1, true or false, fold any whole number from 0.
        root: What the paths in it begin at, and do not leave.
        faults: Where faults are added.

    """
    found: list[tuple[Path, Path, bool]] = []
    folds: list[int] = []
    for number, row in read_csv(path, ["path_a", "path_b", "same"], faults):
        where = f"{path.name}: line {number}"
        paths = [inside(root, row[column], where, faults) for column in ("path_a", "path_b")]
        same = _TRUTH.get(row["same"].strip().lower())
        fold = row.get("fold", "0").strip()
        if same is None:
            faults.append(f"{where}: same is '{row['same']}'; write 0 or 1")
        if not _is_count(fold):
            faults.append(f"{where}: fold is '{row['fold']}'; write a whole number from 0")
        elif paths[0] is not None and paths[1] is not None and same is not None:
            found.append((paths[0], paths[1], same))
            folds.append(int(fold))
    place = {fold: place for place, fold in enumerate(sorted(set(folds)))}
    return _pairs(found, [place[fold] for fold in folds])


def read_lfw_pairs(path: Path, people: Path, faults: list[str]) -> FacePairs:
    """Read LFW's pairs.txt or pairsDevTest.txt.

    The first line is ``folds<TAB>count`` (so many equal and so many other pairs in each fold), or
    the count alone for one fold. A pair of one person is ``name n1 n2``, of two ``name1 n1 name2
    n2``, with pictures ``name/name_0001.jpg``.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path.name}: not a file of pairs in UTF-8 ({error}); download it again")
        return FacePairs()
    head = lines[0].split() if lines else []
    if len(head) not in (1, 2) or not all(map(_is_count, head)):
        found_line = _short(lines[0]) if lines else ""
        faults.append(
            f"{path.name}: line 1: must be 'folds count' or 'count', found '{found_line}'"
        )
        return FacePairs()
    per_fold = 2 * int(head[-1])
    found: list[tuple[Path, Path, bool]] = []
    folds: list[int] = []
    rows = [(n, line.split()) for n, line in enumerate(lines[1:], start=2) if line.strip()]
    if len(rows) != per_fold * (int(head[0]) if len(head) == 2 else 1):
        faults.append(f"{path.name}: {len(rows)} pairs, but line 1 promises {' x '.join(head)} x 2")
    for place, (number, words) in enumerate(rows):
        where = f"{path.name}: line {number}"
        numbers = [words[i] for i in ((1, 2) if len(words) == 3 else (1, 3)) if i < len(words)]
        if len(words) not in (3, 4) or not all(map(_is_count, numbers)):
            faults.append(f"{where}: must be 'name n1 n2' or 'name1 n1 name2 n2'")
            continue
        names = [words[0], words[0] if len(words) == 3 else words[2]]
        files = [
            inside(people, f"{name}/{name}_{int(n):04d}.jpg", where, faults)
            for name, n in zip(names, numbers, strict=True)
        ]
        if files[0] is not None and files[1] is not None:
            found.append((files[0], files[1], len(words) == 3))
            folds.append(place // max(1, per_fold))
    return _pairs(found, folds)


def _is_count(word: str) -> bool:
    return word.isdecimal() and len(word) <= 9


def _pairs(found: list[tuple[Path, Path, bool]], folds: list[int]) -> FacePairs:
    first, second, same = zip(*found, strict=True) if found else ((), (), ())
    return FacePairs(tuple(first), tuple(second), tuple(same), tuple(folds))
