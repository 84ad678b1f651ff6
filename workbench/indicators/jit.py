"""How kernels are compiled: by numba, on first use, cached on disk."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import numba


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` compiled without the GIL and cached on disk; uncached where no disk allows it."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        compiled: Callable[..., Any] = numba.njit(function, cache=True, **options)
    except RuntimeError:  # numba found no directory that it may write to
        _warn_of_no_cache()
        compiled = numba.njit(function, **options)
    return compiled


@functools.cache
def _warn_of_no_cache() -> None:
    logging.getLogger(__name__).warning(
        "indicators compile anew in every process, some seconds each time: "
        "set NUMBA_CACHE_DIR to a writable directory"
    )
