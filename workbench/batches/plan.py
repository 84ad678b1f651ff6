"""What a batch is to compute: bars, indicators, labels; checked before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.catalog.adjusting import known_adjustment
from workbench.catalog.reading import distinct
from workbench.errors import InputError, UnknownNameError
from workbench.indicators import INDICATORS, Indicator
from workbench.indicators.grid import points
from workbench.indicators.options import OPTIONS, Options
from workbench.sessions import Window
from workbench.shape import FIELDS

Asked = str | Callable[..., Any]
"""An indicator: `wb.ta.rsi` or "rsi"."""


@dataclass(frozen=True)
class Calculation:
    """One indicator with all its parameters, the dtype of its outputs, and a label for each."""

    name: str
    parameters: Mapping[str, Any]
    dtype: str
    labels: tuple[str, ...]

    @property
    def record(self) -> Indicator:
        """The indicator's record."""
        if self.name not in INDICATORS:  # as on a worker that has not imported it
            raise UnknownNameError("indicator", self.name, INDICATORS)
        return INDICATORS[self.name]

    def outputs(self, bars: pd.DataFrame, threads: int | None) -> list[tuple[str, Any]]:
        """Each label with its (time, symbol) array for a panel of Bars."""
        made = self.record.compute(bars, dtype=self.dtype, threads=threads, **self.parameters)
        if len(self.labels) == 1:
            return [(self.labels[0], made.to_numpy())]
        pairs = zip(self.labels, self.record.outputs, strict=True)
        return [(label, made[output.name].to_numpy()) for label, output in pairs]


@dataclass(frozen=True)
class Plan:
    """A batch, or the share of it that some of its symbols are."""

    symbols: tuple[str, ...]
    calculations: tuple[Calculation, ...]
    window: Window
    timeframe: str
    as_of: pd.Timestamp | None
    adjusted: bool | str

    @classmethod
    def of(
        cls,
        symbols: str | Sequence[str],
        indicators: Any,
        window: Window,
        timeframe: str = "1d",
        as_of: pd.Timestamp | None = None,
        adjusted: bool | str = False,
    ) -> Plan:
        """The plan for some symbols and indicators, checked.

        >>> Plan.of("AAPL", "atr", Window.of("2010")).fields
        ('high', 'low', 'close')
        """
        names = tuple(distinct([symbols] if isinstance(symbols, str) else symbols))
        known_adjustment(adjusted)
        return cls(names, calculations(indicators), window, timeframe, as_of, adjusted)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of Bars that the indicators need."""
        needed = {name for one in self.calculations for name in one.record.inputs}
        return tuple(field for field in FIELDS if field in needed)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all outputs."""
        return tuple(label for one in self.calculations for label in one.labels)

    def arguments(self) -> dict[str, Any]:
        """Everything that a result depends on beside the bars, as JSON can hold it."""
        return {
            "indicators": [
                [one.name, dict(one.parameters), one.dtype, list(one.labels)]
                for one in self.calculations
            ],
            "start": None if self.window.start is None else self.window.start.isoformat(),
            "end": None if self.window.end is None else self.window.end.isoformat(),
            "timeframe": self.timeframe,
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "adjusted": self.adjusted,
            "symbols": list(self.symbols),
        }


def calculations(asked: Any) -> tuple[Calculation, ...]:
    """What was asked for: indicators, or pairs of one and its parameters; lists make grids.

    Raises InputError and UnknownNameError for what is no indicator or parameter, for one that
    needs more than Bars, and for the same one twice.

    >>> [one.labels for one in calculations(["rsi", ("sma", {"window": [5, 20]})])]
    [('rsi_14',), ('sma_5',), ('sma_20',)]
    >>> calculations(["macd"])[0].labels
    ('macd_12_26_9.macd', 'macd_12_26_9.signal', 'macd_12_26_9.histogram')
    """
    one = isinstance(asked, str) or callable(asked) or _is_pair(asked)
    items = [asked] if one else list(asked)
    made = [one for item in items for one in _expanded(*_pair(item))]
    if not made:
        raise InputError("indicators=[] names nothing; give some, such as [wb.ta.rsi]")
    _refuse_twice(label for one in made for label in one.labels)
    return tuple(made)


def _is_pair(item: Any) -> bool:
    return isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[1], Mapping)


def _pair(item: Any) -> tuple[Any, Mapping[str, Any]]:
    if not isinstance(item, tuple | list):
        return item, {}
    if not _is_pair(item):
        raise InputError(f"{item!r} is not an indicator and its parameters; give ('rsi', {{...}})")
    return item[0], item[1]


def _record(asked: Asked) -> Indicator:
    record = getattr(asked, "record", None)
    if isinstance(asked, str):
        if asked not in INDICATORS:
            raise UnknownNameError("indicator", asked, INDICATORS)
        return INDICATORS[asked]
    if not isinstance(record, Indicator):
        raise InputError(f"{asked!r} is not an indicator; give wb.ta.rsi or 'rsi'")
    return record


def _expanded(asked: Asked, parameters: Mapping[str, Any]) -> list[Calculation]:
    record = _record(asked)
    if not record.of_bars:
        needs = ", ".join(record.inputs)
        raise InputError(f"{record.name} needs {needs}, and Bars do not have all of them")
    own = {name: value for name, value in parameters.items() if name != "dtype"}
    for name in own:
        if name in OPTIONS:
            raise InputError(f"{record.name}: {name}= does not go with batches; leave it out")
    options = Options.of(record.name, {n: v for n, v in parameters.items() if n == "dtype"})
    every = [record.checked(point) for point in points(own)]
    if not every:
        raise InputError(f"{record.name}: a list of parameters is empty")
    return [
        Calculation(record.name, one, str(options.dtype), _labels(record, one)) for one in every
    ]


def _labels(record: Indicator, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    values = (repr(value).removesuffix(".0") for value in parameters.values())
    stem = "_".join([record.name, *values])
    if len(record.outputs) == 1:
        return (stem,)
    return tuple(f"{stem}.{output.name}" for output in record.outputs)


def _refuse_twice(labels: Iterable[str]) -> None:
    seen: set[str] = set()
    for label in labels:
        if label in seen:
            raise InputError(f"{label} is asked for twice; name each indicator once")
        seen.add(label)
