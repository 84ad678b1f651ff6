"""The greatest and the least of the last `window` values.

As rolling sums do, these cut time into blocks of one window: the extreme over any window is that
of a suffix of the block before and of a prefix of its own, whatever the window.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.rolling import before
from workbench.indicators.language import NAN, maximum, minimum, workspace


@kernel(reach=before)
def highest(values, window, out):
    bars = len(values)
    size = min(window, bars)
    suffix = workspace(values, size + 1)
    for p in range(size + 1):
        suffix[p] = values[0]  # in every whole window of the first block
    for start in range(0, bars, window):
        greatest = values[start]
        suffix[size] = greatest
        for t in range(start, min(start + window, bars)):
            greatest = maximum(values[t], greatest)
            out[t] = maximum(suffix[t - start + 1], greatest)
        greatest = values[min(start + window, bars) - 1]
        for p in range(min(size, bars - start) - 1, 0, -1):
            greatest = maximum(values[start + p], greatest)
            suffix[p] = greatest
    for t in range(min(window - 1, bars)):
        out[t] = NAN


@kernel(reach=before)
def lowest(values, window, out):
    bars = len(values)
    size = min(window, bars)
    suffix = workspace(values, size + 1)
    for p in range(size + 1):
        suffix[p] = values[0]  # in every whole window of the first block
    for start in range(0, bars, window):
        least = values[start]
        suffix[size] = least
        for t in range(start, min(start + window, bars)):
            least = minimum(values[t], least)
            out[t] = minimum(suffix[t - start + 1], least)
        least = values[min(start + window, bars) - 1]
        for p in range(min(size, bars - start) - 1, 0, -1):
            least = minimum(values[start + p], least)
            suffix[p] = least
    for t in range(min(window - 1, bars)):
        out[t] = NAN
