"""The loops that take missing bars out of columns and put them back, in both forms of kernels."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from workbench.indicators.jit import kernel

NAN = np.nan


@kernel
def gaps_rows(values, symbols):
    gaps = np.zeros(symbols.stop - symbols.start, np.bool_)
    for t in range(values.shape[0]):
        row = values[t, symbols]
        for j in range(gaps.size):
            gaps[j] |= row[j] != row[j]
    return gaps


@kernel
def gaps_series(values, symbols):
    gaps = np.zeros(symbols.stop - symbols.start, np.bool_)
    for j in range(gaps.size):
        row = values[symbols.start + j]
        gap = False
        for t in range(row.size):
            gap |= row[t] != row[t]
        gaps[j] = gap
    return gaps


@kernel
def pack_rows(values, present, packed):
    filled = np.zeros(values.shape[1], np.int64)
    for t in range(values.shape[0]):
        for j in range(values.shape[1]):
            packed[filled[j], j] = values[t, j]  # a missing bar is overwritten by the next
            filled[j] += present[t, j]
    for j in range(filled.size):
        packed[filled[j] :, j] = NAN


@kernel
def pack_series(values, present, packed):
    for s in range(values.shape[0]):
        filled = 0
        for t in range(values.shape[1]):
            packed[s, filled] = values[s, t]  # a missing bar is overwritten by the next
            filled += present[s, t]
        packed[s, filled:] = NAN


@kernel
def unpack_rows(packed, present, symbols, out):
    used = np.zeros(symbols.size, np.int64)
    for t in range(packed.shape[0]):
        for j in range(symbols.size):
            value = packed[used[j], j]
            out[t, symbols[j]] = value if present[t, j] else NAN
            used[j] += present[t, j]


@kernel
def unpack_series(packed, present, symbols, out):
    for s in range(symbols.size):
        result = out[symbols[s]]
        used = 0
        for t in range(packed.shape[1]):
            value = packed[s, used]
            result[t] = value if present[s, t] else NAN
            used += present[s, t]
