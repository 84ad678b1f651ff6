"""Price transforms: TA-Lib."""

from __future__ import annotations

from typing import Any

import talib

from tests.oracles import Oracle


def of(name: str) -> Oracle:
    function = getattr(talib, name)

    def compute(*columns: Any) -> list[Any]:
        return [function(*columns)]

    return Oracle(compute, [{}], talib=name, scale="follows", shift="follows", least_bars=1)


ORACLES = {name.lower(): of(name) for name in ("AVGPRICE", "MEDPRICE", "TYPPRICE", "WCLPRICE")}
