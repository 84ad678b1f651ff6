"""The middle between the greatest and the least value of the last `window` bars."""

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.rolling import before
from workbench.indicators.language import NAN, maximum, minimum, workspace


@kernel(reach=before)
def centre(high, low, window, out):
    bars = len(high)
    size = min(window, bars)
    tops, bottoms = workspace(high, size + 1), workspace(high, size + 1)
    for p in range(size + 1):
        tops[p] = high[0]  # in every whole window of the first block
        bottoms[p] = low[0]
    for start in range(0, bars, window):
        top, bottom = high[start], low[start]
        tops[size] = top
        bottoms[size] = bottom
        for t in range(start, min(start + window, bars)):
            top = maximum(high[t], top)
            bottom = minimum(low[t], bottom)
            greatest = maximum(tops[t - start + 1], top)
            out[t] = (greatest + minimum(bottoms[t - start + 1], bottom)) * 0.5
        last = min(start + window, bars) - 1
        top, bottom = high[last], low[last]
        for p in range(min(size, bars - start) - 1, 0, -1):
            top = maximum(high[start + p], top)
            bottom = minimum(low[start + p], bottom)
            tops[p] = top
            bottoms[p] = bottom
    for t in range(min(window - 1, bars)):
        out[t] = NAN
