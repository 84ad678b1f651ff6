"""Results as the cache keeps them: a pickle, with the arrays beside it and never copied again."""

from __future__ import annotations

import io
import pickle
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd

from workbench.cache.entry import Entry
from workbench.errors import InputError
from workbench.reads import Read

Reads = tuple[Read, ...]


class Kept(NamedTuple):
    """What an entry holds: the reads behind a result, and the result's pickle.

    >>> Kept((), pickle.dumps(1)).reads
    ()
    """

    reads: Reads
    pickled: bytes


class Shelter(dict[str, Any]):
    """Stands in `attrs["memoized"]`, empty, and holds the frame that a result is a view of.

    As long as that lives, pandas copies before it writes. A dict, so that files take it.

    >>> Shelter(pd.DataFrame())
    {}
    """

    def __init__(self, frame: Any = None) -> None:
        super().__init__()
        self._frame = frame

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # pandas deep-copies attrs at every step

    def __reduce__(self) -> tuple[Any, ...]:
        return Shelter, ()


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, pd.DataFrame | pd.Series):
            return _sheltered, value.__reduce_ex__(5)[:3]
        if type(value) is np.ndarray and not value.dtype.hasobject and not value.flags.forc:
            return np.ascontiguousarray(value).__reduce_ex__(5)
        return NotImplemented


def _sheltered(make: Any, arguments: tuple[Any, ...], state: Any) -> Any:
    frame = make(*arguments)
    frame.__setstate__(state)
    view = frame.copy(deep=False)
    view.attrs["memoized"] = Shelter(frame)
    return view


def entry_of(name: str, value: Any, reads: Reads) -> Entry:
    """A result and the reads behind it as an entry that shares no memory with the result.

    Raises InputError for a result that cannot be pickled.

    >>> value_of(entry_of("f", [1, 2], ()))
    [1, 2]
    """
    buffers: list[pickle.PickleBuffer] = []
    stream = io.BytesIO()
    try:
        _Pickler(stream, 5, buffer_callback=buffers.append).dump(value)
    except Exception as error:
        raise InputError(
            f"{name} gave a {type(value).__name__} that memoize cannot keep: {error}; "
            "return plain data, arrays or frames"
        ) from error
    arrays = tuple(np.frombuffer(bytes_of, np.uint8).copy() for bytes_of in _raw(buffers))
    kept = Kept(reads, stream.getvalue())
    return Entry(pickle.dumps(tuple(kept)), arrays, decoded=kept)


def _raw(buffers: list[pickle.PickleBuffer]) -> list[memoryview]:
    return [buffer.raw() for buffer in buffers]


def reads_of(entry: Entry) -> Reads:
    """The reads behind the result in an entry.

    >>> reads_of(entry_of("f", 1, (Read("s", ("AAPL",), "1d", (7,)),)))[0].symbols
    ('AAPL',)
    """
    return _kept(entry).reads


def value_of(entry: Entry) -> Any:
    """The result, built anew: its frames are copied on write and its arrays cannot be written.

    >>> value_of(entry_of("f", np.zeros(3), ())).flags.writeable
    False
    """
    buffers = [array.data.toreadonly() for array in entry.arrays]
    return pickle.loads(_kept(entry).pickled, buffers=buffers)


def _kept(entry: Entry) -> Kept:
    if entry.decoded is None:
        reads, pickled = pickle.loads(entry.head)
        entry.decoded = Kept(tuple(Read(*read) for read in reads), pickled)
    kept: Kept = entry.decoded
    return kept
