"""Kernels: written once, compiled by numba for one series and for eight symbols at once.

Compiled code is kept on disk under the digest of the sources that it was made of, in the first of
these that there is: `NUMBA_CACHE_DIR`, the folder beside this file, the user's cache folder. One
that may only be read serves as well; where none may be written, kernels compile in memory.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import functools
import inspect
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indicators import language
from workbench.indicators.recycling import empty

Floats = NDArray[np.float64]

LANES = 8
"""Symbols that a kernel walks at once over a panel."""

FOLDER = Path(__file__).parent
SHARED = [FOLDER / name for name in ("language.py", "lanes.py", "jit.py")]
"""Sources that every kernel is made of, beside its own module and those it takes steps from."""


class Kernel:
    """A loop over the bars of a column, as a function over tiles: (groups, time, lanes) arrays.

    `outputs` says how many columns it fills, `registers` how many values it carries from bar to
    bar (its last two arguments are then a column of them, zero at first, and how many bars it has
    seen before). `reach` gives, for its parameters, how many bars before the first that it fills
    it looks at; a kernel with registers has none. `lanes` is False where prices decide branches.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        outputs: int,
        registers: int,
        reach: Callable[..., int],
        lanes: bool,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function, self.outputs, self.registers = function, outputs, registers
        self.reach, self.lanes = reach, lanes
        self._loops: dict[int, Any] = {}

    def __repr__(self) -> str:
        return f"<kernel {self.function.__name__}>"

    def __call__(self, *arguments: Any) -> Any:
        """The filled tile, or a tuple of them, for tiles and parameters.

        NaN at the start of an input are a warm-up: the kernel starts after the longest.
        """
        inputs = [value for value in arguments if isinstance(value, np.ndarray)]
        parameters = arguments[len(inputs) :]
        slots = current.slots
        if slots is not None:
            results = slots.run(self, inputs, parameters)
        else:
            results, _ = self.run(inputs, parameters)
        return results[0] if self.outputs == 1 else results

    def run(
        self,
        inputs: Sequence[Floats],
        parameters: Sequence[float],
        registers: Floats | None = None,
        seen: int = 0,
    ) -> tuple[tuple[Floats, ...], int]:
        """The filled tiles, and how many bars of warm-up there were; `registers` are changed."""
        groups, rows, lanes = inputs[0].shape
        if lanes > 1 and not self.lanes:
            return self._one_by_one(inputs, parameters, registers, seen)
        if self.registers and registers is None:
            registers = np.zeros((groups, self.registers, lanes))
        results = tuple([empty(inputs[0].shape) for _ in range(self.outputs)])
        loop = self._loops.get(lanes) or self._loop(lanes, len(inputs), len(parameters))
        kept = () if registers is None else (registers,)
        return results, loop(groups, rows, seen, *inputs, *parameters, *results, *kept)

    def _one_by_one(
        self,
        inputs: Sequence[Floats],
        parameters: Sequence[float],
        registers: Floats | None,
        seen: int,
    ) -> tuple[tuple[Floats, ...], int]:
        kept = None if registers is None else series_of(registers)
        results, lead = self.run([series_of(tile) for tile in inputs], parameters, kept, seen)
        if registers is not None and kept is not None:
            registers[:] = lanes_of(kept, registers.shape[2])
        return tuple(lanes_of(tile, inputs[0].shape[2]) for tile in results), lead

    def _loop(self, lanes: int, inputs: int, parameters: int) -> Any:
        """The compiled loop over the groups of a tile."""
        with _compiling:
            if lanes not in self._loops:
                self._loops[lanes] = compiled(self, lanes, inputs, parameters)
            return self._loops[lanes]


class _Current(threading.local):
    """The slots of the computation that a thread continues; none as a rule."""

    slots: Any = None


current = _Current()
_compiling = threading.RLock()


def kernel(
    *,
    outputs: int = 1,
    registers: int = 0,
    reach: Callable[..., int] = lambda *_: 0,
    lanes: bool = True,
) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a kernel of a function over columns: inputs, parameters, outputs; see `Kernel`.

    >>> @kernel()
    ... def doubled(values, out):
    ...     for t in range(len(values)):
    ...         out[t] = 2.0 * values[t]
    >>> doubled
    <kernel doubled>
    """

    def decorate(function: Callable[..., Any]) -> Kernel:
        made = Kernel(function, outputs, registers, reach, lanes)
        KERNELS.append(made)
        return made

    return decorate


KERNELS: list[Kernel] = []
"""Every kernel that was imported."""


def series_of(tile: Floats) -> Floats:
    """A (groups, time, lanes) tile as (groups × lanes, time, 1)."""
    groups, rows, lanes = tile.shape
    return np.ascontiguousarray(tile.transpose(0, 2, 1)).reshape(groups * lanes, rows, 1)


def lanes_of(series: Floats, lanes: int) -> Floats:
    """The inverse of `series_of`."""
    count, rows, _ = series.shape
    return np.ascontiguousarray(series.reshape(count // lanes, lanes, rows).transpose(0, 2, 1))


def compiled(made: Kernel, lanes: int, inputs: int, parameters: int) -> Any:
    """numba's function for a kernel; it is loaded from disk or compiled at its first call."""
    import numba
    from numba.extending import register_jitable

    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
    while language.steps:
        register_jitable(**options)(language.steps.pop())
    register_jitable(**options)(made.function)
    run = _walk(made, lanes, inputs, parameters)
    run.__name__ = run.__qualname__ = f"{made.function.__name__}_{lanes}"
    found = numba.njit(run, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
    _keep_on_disk(found, run, made.function)
    return found


def _walk(made: Kernel, lanes: int, inputs: int, parameters: int) -> Callable[..., int]:
    """The function that numba compiles: a kernel down every group of symbols of a tile."""
    from workbench.indicators.lanes import columns, missing, part

    function, outputs, registers = made.function, made.outputs, made.registers
    first_output = inputs + parameters
    after, carried = first_output + outputs, 1 if registers else 0

    def run(groups, rows, seen, *rest):
        lead = 0
        for group in range(groups):
            lead = 0
            for column in columns(rest, 0, inputs, group, rows, 0, lanes):
                while lead < rows and missing(column[lead]):
                    lead += 1
            for column in columns(rest, first_output, outputs, group, rows, 0, lanes):
                for t in range(lead):
                    column[t] = np.nan
            if lead == rows:
                continue
            function(
                *(
                    columns(rest, 0, inputs, group, rows, lead, lanes)
                    + part(rest, inputs, parameters)
                    + columns(rest, first_output, outputs, group, rows, lead, lanes)
                    + columns(rest, after, carried, group, registers, 0, lanes)
                    + part((seen,), 0, carried)
                )
            )
        return lead

    return run


def _keep_on_disk(found: Any, run: Callable[..., Any], function: Callable[..., Any]) -> None:
    from workbench.indicators.compiled import folder, kept_in, stamp_of

    place = folder()
    if place is None:
        _warn_of_no_cache()
    else:
        found._cache = kept_in(place, run, stamp_of([*SHARED, *sources(function)]))


def sources(function: Callable[..., Any]) -> list[Path]:
    """The module of a kernel's function, and the modules of kernels that it imports from.

    >>> from workbench.indicators.kernels.averages import ema
    >>> [path.name for path in sources(ema.function)]
    ['averages.py', 'steps.py']
    """
    kernels = f"{__package__}.kernels."
    names, found = [function.__module__], set[str]()
    while names:
        name = names.pop()
        found.add(name)
        origins = {getattr(value, "__module__", None) for value in vars(sys.modules[name]).values()}
        names += [n for n in origins - found if isinstance(n, str) and n.startswith(kernels)]
    return sorted({Path(inspect.getfile(sys.modules[name])) for name in found})


@functools.cache
def _warn_of_no_cache() -> None:
    logging.getLogger(__name__).warning(
        "indicators compile anew in every process, some seconds each: "
        "set NUMBA_CACHE_DIR to a directory that can be written"
    )
