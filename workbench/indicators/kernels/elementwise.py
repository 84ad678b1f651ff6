"""Bar by bar."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.language import NAN, where


@kernel()
def ratio(values, others, out):
    for t in range(len(values)):
        other = others[t]
        out[t] = where(other == 0.0, 0.0, values[t] / other)


@kernel(reach=lambda bars: bars)
def shifted(values, bars, out):
    for t in range(len(values)):
        out[t] = values[t - bars] if t >= bars else NAN


@kernel(reach=lambda bars: bars)
def change(values, bars, out):
    for t in range(len(values)):
        out[t] = values[t] - values[t - bars] if t >= bars else NAN
