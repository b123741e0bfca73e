"""What lies in a folder, by names in one form: each folder is listed once."""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from facesearch.data.formats import SUFFIXES
from facesearch.data.layouts.names import plain

Form = Callable[[str], str]


def folded(name: str) -> str:
    """Return the form in which upper and lower case are one."""
    return plain(name).casefold()


def stem_of(name: str) -> str:
    """Return the name of an image without its suffix; "" of another file."""
    stem, suffix = os.path.splitext(plain(name))
    return stem if suffix.lower() in SUFFIXES else ""


class NameIndex:
    """The names in folders by `plain`, `folded` or `stem_of`."""

    def __init__(self) -> None:
        """Begin with no folder listed."""
        self._names: dict[tuple[Path, Form], dict[str, list[str]]] = {}

    def only(self, folder: Path, name: str, form: Form) -> Path | None:
        """Return the one entry with this name in a form; None if there is none, or several.

        Args:
            folder: Where to look; one that cannot be listed is empty.
            name: A name; for `stem_of` without suffix.
            form: In which names are compared.

        """
        names = self._in(folder, form).get(plain(name) if form is stem_of else form(name), [])
        if name in names:
            return folder / name
        return folder / names[0] if len(names) == 1 else None

    def walk(self, folder: Path, parts: Sequence[str], form: Form) -> Path | None:
        """Return the entry that a path of several parts names; the folder itself of none."""
        here: Path | None = folder
        for part in parts:
            here = self.only(here, part, form) if here is not None else None
        return here

    def _in(self, folder: Path, form: Form) -> dict[str, list[str]]:
        if (folder, form) not in self._names:
            found: dict[str, list[str]] = defaultdict(list)
            for name in _listed(folder):
                found[form(name)].append(name)
            self._names[folder, form] = dict(found)
        return self._names[folder, form]


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []
