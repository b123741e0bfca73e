"""InsightFace's verification files: pickled pictures, two a pair, and whether they show one person.

A pickle may run any code when it is read, and numpy's own classes trust every byte that they are
given. So nothing that a file asks for is carried out: each name becomes a note of what was asked,
and the notes are decoded here, as bytes, truth values or numbers, or refused.
"""

import io
import pickle
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from facesearch.data.decode import MAX_BYTES
from facesearch.errors import InputError

_MOST_BYTES = 4_000_000_000
_NOTED = {
    ("_codecs", "encode"): "encode",
    ("numpy", "dtype"): "dtype",
    ("numpy", "ndarray"): "ndarray",
    **{
        (f"numpy.{core}.{module}", name): name
        for core in ("core", "_core")
        for module, name in (
            ("multiarray", "_reconstruct"),
            ("multiarray", "scalar"),
            ("numeric", "_frombuffer"),
        )
    },
}
_ALLOWED = (
    pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK, pickle.POP, pickle.POP_MARK, pickle.DUP,
    pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.INT, pickle.BININT, pickle.BININT1,
    pickle.BININT2, pickle.LONG, pickle.LONG1, pickle.FLOAT, pickle.BINFLOAT,
    pickle.STRING, pickle.BINSTRING, pickle.SHORT_BINSTRING,
    pickle.BINBYTES, pickle.SHORT_BINBYTES, pickle.BINBYTES8,
    pickle.UNICODE, pickle.BINUNICODE, pickle.SHORT_BINUNICODE, pickle.BINUNICODE8,
    pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3,
    pickle.EMPTY_LIST, pickle.LIST, pickle.APPEND, pickle.APPENDS, pickle.GET, pickle.BINGET,
    pickle.LONG_BINGET, pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT, pickle.MEMOIZE,
    pickle.GLOBAL, pickle.STACK_GLOBAL, pickle.REDUCE, pickle.BUILD,
)  # fmt: skip
# numpy's codes of the numbers that truths are read from.
_NUMBERS = ("b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")


def read_bin(path: Path) -> tuple[list[bytes], list[bool]]:
    """Return the pictures (two a pair) and the truth of a verification file of InsightFace.

    Files of Python 2 and 3 and of numpy 1 and 2 are read, whatever their protocol. A picture is
    bytes or a row or column of uint8, a truth 0 or 1 of any type.

    Raises:
        InputError: If it is no such file, or wants to run something.

    """
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise InputError(f"{path}: larger than {_MOST_BYTES} bytes; not a verification file.")
    try:
        loaded = _Unpickler(io.BytesIO(path.read_bytes())).load()
        pictures = list(_pictures(loaded[0], size))
        same = _truths(loaded[1])
    except Exception as error:
        # a broken pickle raises nearly anything; a KeyError is an instruction that is not allowed
        why = "it does what no pair needs" if isinstance(error, KeyError) else f"{error}"
        raise InputError(
            f"{path}: not a file of pairs that can be trusted: {why or 'torn'}."
        ) from None
    if len(pictures) != 2 * len(same):
        raise InputError(f"{path}: {len(pictures)} pictures for {len(same)} pairs; needs two each.")
    return pictures, same


class _Note:
    """What a file asked for: a name, the arguments it was called with, its state; nothing done."""

    __slots__ = ("args", "name", "state")

    def __init__(self, name: str, args: tuple[Any, ...] = ()) -> None:
        self.name, self.args = name, args
        self.state: Any = ()

    def __call__(self, *args: Any) -> "_Note":
        return _Note(self.name, args)

    def __setstate__(self, state: Any) -> None:
        self.state = state


# The reader that is written in Python: the other one makes room for as much as a file claims.
class _Unpickler(pickle._Unpickler):
    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        **{code[0]: pickle._Unpickler.dispatch[code[0]] for code in _ALLOWED},
        # read as bytes are, which are laid out alike: no room is made before they are there
        pickle.BYTEARRAY8[0]: pickle._Unpickler.dispatch[pickle.BINBYTES8[0]],
    }

    def __init__(self, file: io.BytesIO) -> None:
        # encoding: such files are of Python 2 more often than not
        super().__init__(file, encoding="bytes")

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NOTED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no pair needs")
        return _Note(_NOTED[module, name])


def _pictures(value: Any, most_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of each picture; the different ones are no more than the file they are from.

    One that serves several pairs is written once, and pointed to.
    """
    left = most_bytes
    read: dict[int, bytes] = {}
    for number, item in enumerate(_items(value)):
        # what is pointed to stays where it is: the list holds it
        if id(item) not in read:
            read[id(item)] = _picture(item, number)
            left -= len(read[id(item)])
        if left < 0:
            raise ValueError("its pictures are larger than the file")
        yield read[id(item)]


def _picture(item: Any, number: int) -> bytes:
    picture = _row(item, ("u1",)).tobytes() if _is_array(item) else _bytes(item)
    if len(picture) > MAX_BYTES:
        raise ValueError(
            f"picture {number} has {len(picture)} bytes; a picture has at most {MAX_BYTES}"
        )
    return picture


def _truths(value: Any) -> list[bool]:
    if _is_array(value) and not isinstance(_array(value)[2], list):
        found = _row(value).tolist()
    else:
        found = [_number(item) for item in _items(value)]
    wrong = next((item for item in found if item not in (0, 1)), None)
    if wrong is not None:
        raise ValueError(f"a truth is {wrong}; it must be 0 or 1")
    return [bool(item) for item in found]


def _items(value: Any) -> list[Any] | tuple[Any, ...]:
    """Return the items of a list, or of an array of objects, which is pickled with a list."""
    items = _array(value)[2] if _is_array(value) else value
    if not isinstance(items, list | tuple):
        raise ValueError(f"found {_kind(value)} where a list belongs")
    return items


def _number(value: Any) -> float:
    if isinstance(value, _Note) and value.name == "scalar" and len(value.args) == 2:
        dtype, raw = value.args
        row = np.frombuffer(_bytes(raw), _dtype(dtype))
        if len(row) == 1:
            return float(row[0])
    if _is_array(value):
        row = _row(value)
        if len(row) == 1:
            return float(row[0])
    if not isinstance(value, int | float):
        raise ValueError(f"found {_kind(value)} where a truth belongs")
    return value


def _is_array(value: Any) -> bool:
    return isinstance(value, _Note) and value.name in ("_reconstruct", "_frombuffer")


def _array(note: _Note) -> tuple[Any, Any, Any]:
    """Return shape, type and content of an array, as they were written down."""
    if note.name == "_frombuffer":
        raw, dtype, shape, _ = note.args
    else:
        _, shape, dtype, _, raw = note.state
    return shape, dtype, raw


def _row(note: _Note, codes: Collection[str] = _NUMBERS) -> np.ndarray:
    """Return an array in one row or column; its length is that of its bytes, not what it claims."""
    shape, dtype, raw = _array(note)
    row = np.frombuffer(_bytes(raw), _dtype(dtype, codes))
    if shape not in ((len(row),), (len(row), 1), (1, len(row))):
        raise ValueError(f"an array of {len(row)} values is not in one row or column")
    return row


def _dtype(note: Any, codes: Collection[str] = _NUMBERS) -> np.dtype[Any]:
    """Return the type of numpy that a note stands for, if it is one of ``codes``."""
    is_dtype = isinstance(note, _Note) and note.name == "dtype" and note.args
    code = _text(note.args[0]) if is_dtype else ""
    if code not in codes:
        raise ValueError(f"an array of '{code[:20]}'; allowed are {', '.join(codes)}")
    is_big = len(note.state) > 1 and _text(note.state[1]) == ">"
    return np.dtype(code).newbyteorder(">" if is_big else "<")


def _bytes(value: Any) -> bytes:
    """Return bytes; Python 3 hides them from old protocols as text, and a call that encodes it."""
    if isinstance(value, _Note) and value.name == "encode" and len(value.args) == 2:
        text, encoding = value.args
        if isinstance(text, str) and _text(encoding) == "latin1":
            return text.encode("latin1")
    if not isinstance(value, bytes):
        raise ValueError(f"found {_kind(value)} where bytes belong")
    return value


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value if isinstance(value, str) else ""


def _kind(value: Any) -> str:
    return value.name if isinstance(value, _Note) else type(value).__name__
