"""What indicators must equal: TA-Lib where it has the function, else brute force or pandas.

Each module names its indicators in `ORACLES`. An oracle takes gap-free 1-D inputs and the
parameters by name, and gives the outputs as a list; it shares no code with the workbench.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Oracle:
    """An independent computation, the parameters to compare at, and what is known beside.

    `scale` and `shift` say what becomes of the outputs when the prices are multiplied by a number
    or raised by one: "same" (unchanged), "follows" (multiplied or raised alike), None (no law).
    `span` is the range that an absolute tolerance of 1e-9 is relative to, where the record fixes
    none and the outputs are not in the unit of the inputs. `talib` is the name of TA-Lib's
    function where it is the oracle.
    """

    compute: Callable[..., Sequence[Any]]
    settings: Sequence[Mapping[str, Any]]
    scale: str | None = None
    shift: str | None = None
    span: float | None = None
    talib: str | None = None
    least_bars: int = 2
    rtol: float = 1e-9
    notes: Mapping[str, str] = field(default_factory=dict)


def _all() -> dict[str, Oracle]:
    found: dict[str, Oracle] = {}
    for module in pkgutil.iter_modules(__path__):
        oracles = importlib.import_module(f"{__name__}.{module.name}").ORACLES
        assert not set(found) & set(oracles), module.name
        found |= oracles
    return found


ORACLES = _all()
