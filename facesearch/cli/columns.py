"""Columns of text for a terminal: numbers to the right, the last one cut at the edge."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

GAP = 2


@dataclass(frozen=True)
class Column:
    """One column: its name and a cell a row."""

    name: str
    cells: list[str]
    is_right: bool = False

    @property
    def width(self) -> int:
        """Of the widest cell, in places of the terminal."""
        return max([cell_len(self.name), *map(cell_len, self.cells)])

    def texts(self, width: int) -> list[str]:
        """Return the name and the cells, each as wide as the column."""
        return [fitted(text, width, is_right=self.is_right) for text in (self.name, *self.cells)]


def fitted(text: str, width: int, *, is_right: bool = False) -> str:
    """Return text of so many places: filled up with spaces, or cut with an ellipsis."""
    missing = width - cell_len(text)
    if missing < 0:
        return set_cell_size(text, max(0, width - 1)) + "…"
    return " " * missing + text if is_right else text + " " * missing


def taken(columns: Sequence[Column]) -> int:
    """Return the places that columns take, with a gap after each."""
    return sum(column.width + GAP for column in columns)


def lines(columns: Sequence[Column], width: int) -> list[str]:
    """Return the line of the names, and one for each row.

    Args:
        columns: The last of them takes what is left, if it is not enough.
        width: Of the terminal. Columns before the last are never cut: they are ids and numbers.

    """
    *firsts, last = columns
    room = max(width - taken(firsts), min(last.width, 8))
    texts = [column.texts(column.width) for column in firsts]
    texts.append(last.texts(min(last.width, room)))
    return [(" " * GAP).join(row).rstrip() for row in zip(*texts, strict=True)]
