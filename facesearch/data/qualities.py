"""What is known of each image beside whose it is: its pose, its camera, its source.

It is known from two places:

- further columns of ``faces.csv`` (any but path, identity, group, split, role and fold);
- the names of the files, where they say it in so many words, parted by ``_ - .`` or a space:
  ``frontal`` or ``profile`` is the column ``view``; one of pose, yaw, angle, camera (cam), light
  (illum), session, distance (dist) with a number right after it, or after a ``_`` or ``-``, is a
  column of that name: ``anna_pose30_cam2.jpg`` has pose 30 and camera 2.

A name counts where at least half of the files have it. Numbers of more than twelve values are cut
into thirds of equally many images. Not here: what is measured by them (`final/groups.py`).
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

_KINDS = {
    "pose": "pose", "yaw": "yaw", "angle": "angle", "camera": "camera", "cam": "camera",
    "light": "light", "illum": "light", "session": "session", "distance": "distance",
    "dist": "distance",
}  # fmt: skip
_NUMBERED = re.compile(rf"(?:^|[_\-. ])({'|'.join(_KINDS)})[_-]?(\d{{1,4}})(?=$|[_\-. ])", re.I)
_VIEW = re.compile(r"(?:^|[_\-. ])(frontal|profile)(?=$|[_\-. ])", re.I)
# Columns that say something else, or nothing of an image.
NO_QUALITIES = ("path", "identity", "group", "split", "role", "fold")
_MOST_VALUES = 12
_PARTS = 3

Columns = dict[str, tuple[str, ...]]


def qualities(paths: Sequence[Path], columns: Mapping[str, Sequence[str]]) -> Columns:
    """Return what is known of the images that tells some of them from others.

    Args:
        paths: Of the images.
        columns: What a list says of them, a value each, "" for none; it goes before the names.

    Returns:
        Columns of a value an image, "" where it is not known, of 2 to 12 values.

    """
    told = {**_of_names(paths), **{name: tuple(values) for name, values in columns.items()}}
    cut = {name: _few(values) for name, values in told.items()}
    return {name: values for name, values in cut.items() if _is_telling(values)}


def _of_names(paths: Sequence[Path]) -> Columns:
    found: dict[str, list[str]] = {}
    for place, path in enumerate(paths):
        words = {_KINDS[kind.lower()]: number for kind, number in _NUMBERED.findall(path.stem)}
        view = _VIEW.search(path.stem)
        words |= {"view": view[1].lower()} if view else {}
        for name, value in words.items():
            found.setdefault(name, [""] * len(paths))[place] = value
    return {
        name: tuple(values)
        for name, values in found.items()
        if 2 * sum(map(bool, values)) >= len(values)
    }


def _few(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return numbers of many values as thirds of equally many images; others as they are."""
    if len(set(values) - {""}) <= _MOST_VALUES:
        return values
    try:
        numbers = np.array([float(value) if value else np.nan for value in values])
    except ValueError:
        return values
    ends = np.nanquantile(numbers, np.linspace(0, 1, _PARTS + 1))
    place = np.clip(np.searchsorted(ends, numbers, side="left") - 1, 0, _PARTS - 1)
    names = [f"{ends[part]:.4g} to {ends[part + 1]:.4g}" for part in range(_PARTS)]
    return tuple(
        names[part] if value else "" for part, value in zip(place.tolist(), values, strict=True)
    )


def _is_telling(values: tuple[str, ...]) -> bool:
    return 2 <= len(set(values) - {""}) <= _MOST_VALUES
