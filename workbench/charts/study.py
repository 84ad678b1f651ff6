"""What is drawn beside the bars: lines in the price pane or in a pane of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.errors import InputError, UnknownNameError
from workbench.indicators import INDICATORS


@dataclass(frozen=True)
class Study:
    """Named lines at full resolution, aligned with the bars by time.

    `pane` is `price` for lines in units of the price and anything else for a pane of its own;
    `levels` are horizontal guides and `limits` the fixed range of the pane, where it has one;
    `filled` names the lines that are filled to zero, as histograms are.
    """

    title: str
    lines: Mapping[str, pd.Series]
    pane: str = "own"
    levels: tuple[float, ...] = ()
    limits: tuple[float, float] | None = None
    filled: frozenset[str] = frozenset()

    @property
    def on_price(self) -> bool:
        """Whether the lines belong in the price pane."""
        return self.pane == "price"


def indicator_study(name: str, bars: pd.DataFrame, **parameters: Any) -> Study:
    """An indicator of `bars`, computed at full resolution and drawn as its record says.

    Raises UnknownNameError for an indicator or parameter that there is not, and InputError for a
    value that is not allowed.

    >>> index = pd.date_range("2020", periods=3, tz="UTC", name="timestamp")
    >>> indicator_study("sma", pd.DataFrame({"close": [1.0, 2.0, 4.0]}, index), window=2).title
    'SMA 2'
    """
    if name not in INDICATORS:
        raise UnknownNameError("indicator", str(name), INDICATORS)
    record = INDICATORS[name]
    values = record.checked(parameters)
    result = record.compute(bars, **values)
    alone = isinstance(result, pd.Series)
    lines = {name: result} if alone else {str(label): result[label] for label in result}
    if record.pane == "price":  # a direction of 1 or -1 has no place on that axis
        priced = {output.name for output in record.outputs if output.unit == "price"}
        lines = {label: line for label, line in lines.items() if label in priced}
    return Study(
        title=" ".join([record.name.upper(), *(f"{value:g}" for value in values.values())]),
        lines=lines,
        pane=record.pane,
        levels=record.levels,
        limits=record.value_range,
        filled=frozenset(output.name for output in record.outputs if output.mark == "bar"),
    )


def study(item: object, pane: str, bars: pd.DataFrame) -> Study:
    """A Study as it is, an indicator's name computed, a Series or DataFrame drawn in `pane`.

    >>> study(pd.Series([1.0], name="fair value"), "price", pd.DataFrame()).title
    'fair value'
    """
    if isinstance(item, Study):
        return item
    if isinstance(item, str):
        return indicator_study(item, bars)
    if isinstance(item, pd.Series):
        name = str(item.name if item.name is not None else "series")
        return Study(name, {name: item}, pane)
    if isinstance(item, pd.DataFrame) and item.columns.nlevels == 1:
        lines = {str(name): item[name] for name in item.columns}
        return Study(", ".join(lines), lines, pane)
    raise InputError(
        f"a {type(item).__name__} cannot be drawn; give an indicator's name, a Series, a"
        " DataFrame with flat columns or a Study"
    )


def studies(items: Iterable[object] | object, pane: str, bars: pd.DataFrame) -> list[Study]:
    """A list of Study from one item or several.

    >>> [s.pane for s in studies([pd.Series([1.0], name="a")], "own", pd.DataFrame())]
    ['own']
    """
    if isinstance(items, str | Study | pd.Series | pd.DataFrame) or not isinstance(items, Iterable):
        items = [items]
    return [study(item, pane, bars) for item in items]
