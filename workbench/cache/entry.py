"""What the cache keeps: a key, an entry, what every tier can do, and the bytes of an entry.

One format serves files and Redis. All numbers are little-endian:

    magic (8) · length of the header (8) · xxh3-128 of all the rest (16)
    header, JSON: key, length of the head, dtype and shape of each array
    head
    the arrays, each from a multiple of 64 bytes on

The hash covers every byte but itself and the header names the key, so a flipped bit, a missing
end and a file under another name are all found.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import xxhash

from workbench.errors import InputError

MAGIC = b"wbblock1"
HASHED_FROM = 32  # after the magic, the length and the hash itself
ALIGNMENT = 64

Array = npt.NDArray[Any]


class Key(NamedTuple):
    """Where an entry belongs; both parts are hex digests.

    `group` is what was asked for, `exact` the versions that the answer must have: an entry of
    other versions is never found under it.

    >>> Key("a1", "b2").exact
    'b2'
    """

    group: str
    exact: str


def _untouched() -> bool:
    return True


@dataclass(eq=False)
class Entry:
    """A few bytes and some arrays; `decoded` stays in this process.

    The arrays are closed to writing, and so are the arrays that they are views of: give copies of
    what somebody else may still want to write.

    `intact` says, in a microsecond, whether the memory behind the arrays is what it was: arrays
    that are a mapped file change when somebody truncates or overwrites the file.

    Raises InputError for an array of objects, or of a dtype that has no plain name.

    >>> Entry(b"head", (np.zeros(3),)).nbytes
    28
    """

    head: bytes
    arrays: tuple[Array, ...]
    decoded: Any = None
    intact: Callable[[], bool] = _untouched

    def __post_init__(self) -> None:
        for array in self.arrays:
            if array.dtype.hasobject or array.dtype.names or not array.dtype.itemsize:
                raise InputError(
                    f"the cache cannot keep an array of dtype {array.dtype}; "
                    "use numbers, times or texts of a fixed width"
                )
            _close(array)

    @property
    def nbytes(self) -> int:
        """The size of the head and the arrays in bytes."""
        return len(self.head) + sum(array.nbytes for array in self.arrays)


def _close(array: object) -> None:
    """Make an array read-only, and its bases, of which any view could be made writable again."""
    while isinstance(array, np.ndarray):
        array.flags.writeable = False
        array = array.base


@dataclass(frozen=True)
class TierStats:
    """What a tier holds and how it served; `limit_bytes` is None where the tier has no limit.

    >>> TierStats("memory", entries=1, bytes=8, hits=3, misses=1).hit_rate
    0.75
    """

    name: str
    entries: int = 0
    bytes: int = 0
    limit_bytes: int | None = None
    hits: int = 0
    misses: int = 0
    errors: int = 0
    evictions: int = 0

    @property
    def hit_rate(self) -> float:
        """Hits per look, between 0 and 1; NaN when nobody looked."""
        looks = self.hits + self.misses
        return self.hits / looks if looks else float("nan")


class Tier(Protocol):
    """One place that keeps entries. It may forget at any time, and never raises or lies.

    `shared` says whether others than this user can write what it gives back.
    """

    name: str
    shared: bool

    def get(self, key: Key) -> Entry | None:
        """The entry of exactly this key, or None."""

    def latest(self, group: str) -> Entry | None:
        """The newest entry of the group that is at hand, whatever its versions, or None."""

    def put(self, key: Key, entry: Entry) -> None:
        """Keep the entry, if it can be kept."""

    def drop(self, group: str | None = None) -> None:
        """Forget a group, or everything."""

    def stats(self) -> TierStats:
        """What is kept now, and errors and evictions of this process."""


class CorruptError(ValueError):
    """Bytes that are not the entry that they should be; tiers treat it as a miss."""


def encode(key: Key, entry: Entry) -> list[memoryview]:
    """The bytes of an entry, in pieces that are not copies of the arrays.

    >>> len(b"".join(encode(Key("a", "b"), Entry(b"", (np.zeros(3),))))) % ALIGNMENT
    24
    """
    arrays = [np.asarray(array, order="C") for array in entry.arrays]
    layout = {
        "key": list(key),
        "head": len(entry.head),
        "arrays": [[array.dtype.str, list(array.shape)] for array in arrays],
    }
    header = json.dumps(layout).encode()
    pieces, size = [header, entry.head], HASHED_FROM + len(header) + len(entry.head)
    views = [memoryview(piece) for piece in pieces]
    for array in arrays:
        padding = -size % ALIGNMENT
        views += [memoryview(bytes(padding)), array.reshape(-1).view(np.uint8).data]
        size += padding + array.nbytes
    start = MAGIC + len(header).to_bytes(8, "little")
    return [memoryview(start + _hash(start, views)), *views]


def decode(buffer: Any, key: Key) -> Entry:
    """The entry in `buffer`, its arrays being views of it.

    Raises CorruptError unless the bytes are whole and belong to `key`.

    >>> decode(b"".join(encode(Key("a", "b"), Entry(b"me", ()))), Key("a", "b")).head
    b'me'
    """
    view = memoryview(buffer)
    start = bytes(view[:16])
    if start[:8] != MAGIC or _hash(start, [view[HASHED_FROM:]]) != view[16:HASHED_FROM]:
        raise CorruptError("the bytes are damaged")
    header_end = HASHED_FROM + int.from_bytes(start[8:], "little")
    layout = json.loads(bytes(view[HASHED_FROM:header_end]))
    if layout["key"] != list(key):
        raise CorruptError("the bytes belong to another key")
    head_end = header_end + layout["head"]
    arrays, size = [], head_end
    for dtype_name, shape in layout["arrays"]:
        size += -size % ALIGNMENT
        arrays.append(np.ndarray(shape, np.dtype(dtype_name), buffer, offset=size))
        size += arrays[-1].nbytes
    return Entry(bytes(view[header_end:head_end]), tuple(arrays))


def _hash(start: bytes, views: list[memoryview]) -> bytes:
    content = xxhash.xxh3_128(start)
    for view in views:
        content.update(view)
    return content.digest()
