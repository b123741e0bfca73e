"""YAML text to plain values that remember their line, by a strict and small subset of YAML 1.2.

No tags, no aliases, no duplicate keys, bounded size and depth; `1e-3` is a number and `no` is a
word. Not in this module: what the values mean (`space.py`).
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from facesearch.errors import InputError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_VALUES = 20_000
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "true": True, "false": False,
    ".inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan"),
}  # fmt: skip

Path_ = tuple[Hashable, ...]


@dataclass
class Document:
    """Plain values of a YAML file, and the line (from 1) of each path in them."""

    source: str
    value: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int:
        """Return the line of ``path``, or of its nearest ancestor that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(path: Path) -> Document:
    """Read one YAML file.

    Args:
        path: File of UTF-8 text, at most 1 MB.

    Raises:
        InputError: If it is missing, a folder, empty, not text, or outside the subset.

    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a YAML file in it.")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is a device or a pipe; name a YAML file.")
    if not path.is_file():
        near = sorted(str(p) for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        hint = f" There is: {', '.join(near)}." if near else ""
        raise InputError(f"{path}: no such file.{hint}")
    raw = _bytes_of(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from None
    return parse_yaml(text, str(path))


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)  # a file may grow, or say nothing of its size
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
    if len(raw) > MAX_BYTES:
        size = max(path.stat().st_size, len(raw))
        raise InputError(f"{path}: {size} bytes; a space file has at most {MAX_BYTES}.")
    return raw


def parse_yaml(text: str, source: str) -> Document:
    """Parse YAML text; ``source`` is named in messages. Raises InputError outside the subset."""
    try:
        _check_events(text, source)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        if "\\t" in problem:
            problem = "a tab cannot indent YAML; use spaces"
        raise InputError(f"{source}: {line}not valid YAML: {problem}.") from None
    if node is None:
        raise InputError(f"{source}: the file is empty; see: facesearch init --list.")
    lines: dict[Path_, int] = {}
    return Document(source, _value(node, (), lines, source), lines)


def _check_events(text: str, source: str) -> None:
    """Refuse what composing must not meet: aliases, tags, deep nesting and hosts of values."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        mark = event.start_mark
        where = f"{source}: line {mark.line + 1 if mark else 1}:"
        if isinstance(event, yaml.AliasEvent):
            raise InputError(f"{where} aliases (*name) are not allowed; write the value out.")
        if number > MAX_VALUES:
            raise InputError(f"{where} more than {MAX_VALUES} values; a space never needs that.")
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            raise InputError(f"{where} tags ({tag}) are not allowed; write a plain value.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise InputError(f"{where} nested deeper than {MAX_DEPTH}; a space never needs that.")


def _value(node: yaml.Node, path: Path_, lines: dict[Path_, int], source: str) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), lines, source) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError(f"{source}: line {line}: a key must be one plain word.")
            key = str(key_node.value)
            if key in mapping:
                first = lines[(*path, key)]
                raise InputError(
                    f"{source}: line {line}: '{key}' stands here again, first on line {first}; "
                    "keep one."
                )
            mapping[key] = _value(value_node, (*path, key), lines, source)
            lines[(*path, key)] = line
        return mapping
    return _scalar(str(node.value)) if getattr(node, "style", None) is None else node.value


def _scalar(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text) if len(text) < 20 else float(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
