"""Memory for results, used again once nobody holds the result: fresh pages cost more than sums."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LIMIT_BYTES = 1 << 30
"""What is kept for later at most."""

LINE_BYTES = 64
"""Results begin where a line of the processor's cache does."""

LEAST_BYTES = 1 << 16
"""Smaller results are left to numpy, which keeps small memory itself."""

Buffer = tuple[NDArray[np.uint8], dict[str, Any]]
"""Bytes, and what numpy wants to know of them."""

_lock = threading.RLock()
_free: OrderedDict[int, list[Buffer]] = OrderedDict()
_held = [0]


class Lease:
    """Bytes that go back when the last array over them is gone."""

    __slots__ = ("__array_interface__", "__weakref__", "buffer")

    def __init__(self, size: int) -> None:
        self.buffer, self.__array_interface__ = _taken(size)

    def __del__(self) -> None:
        _given_back((self.buffer, self.__array_interface__))


def empty(shape: tuple[int, ...], dtype: DTypeLike = np.float64, order: Any = "C") -> NDArray[Any]:
    """`np.empty`, over memory that was used before where there is some.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    if size < LEAST_BYTES:
        return np.empty(shape, kind, order)
    return np.asarray(Lease(size)).view(kind).reshape(shape, order=order)


def _taken(size: int) -> Buffer:
    with _lock:
        buffers = _free.get(size)
        if buffers:
            _held[0] -= size
            return buffers.pop()
    made = np.empty(size + LINE_BYTES, np.uint8)
    start = -made.__array_interface__["data"][0] % LINE_BYTES
    made = made[start : start + size]
    return made, made.__array_interface__


def _given_back(buffer: Buffer) -> None:
    size = buffer[0].nbytes
    with _lock:
        if size <= LIMIT_BYTES:
            _free.setdefault(size, []).append(buffer)
            _free.move_to_end(size)
            _held[0] += size
        while _held[0] > LIMIT_BYTES:
            oldest, buffers = next(iter(_free.items()))
            if buffers:
                buffers.pop()
                _held[0] -= oldest
            else:
                del _free[oldest]
