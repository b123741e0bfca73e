"""The spaces that come with facesearch: where they are, and what each of them asks.

They are in the package once it is installed, and in ``searchspaces/`` of a checkout.
"""

from pathlib import Path

from facesearch.errors import InputError, did_you_mean

_PLACES = (Path(__file__).parents[1] / "searchspaces", Path(__file__).parents[2] / "searchspaces")


def shipped_spaces() -> dict[str, Path]:
    """Return the file of each space that comes with facesearch, by its name."""
    folder = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def question_of(path: Path) -> str:
    """Return what a space asks: the first line of its head."""
    _, first, *_ = path.read_text(encoding="utf-8").splitlines()
    return first.removeprefix("# ")


def shipped_space(name: str) -> Path:
    """Return the file of a space that comes with facesearch; raises InputError if none does."""
    spaces = shipped_spaces()
    if name not in spaces:
        known = did_you_mean(name, spaces)
        raise InputError(f"no space '{name}' comes with facesearch{known}")
    return spaces[name]


def find_space(path: Path) -> Path:
    """Return the file of a space: the one that is named, or one that comes with facesearch.

    A name alone, such as ``quickstart``, is enough for the latter, where no file is called so.

    Raises:
        InputError: If a path ends like one of them, and is not there: it may be meant.

    """
    spaces = shipped_spaces()
    if path.exists() or path.is_symlink() or path.stem not in spaces:
        return path
    if str(path) == path.stem:
        return spaces[path.stem]
    raise InputError(
        f"{path}: no such file. A space of this name comes with facesearch: write {path.stem} for "
        f"it, or copy it: facesearch init --from {path.stem}"
    )
