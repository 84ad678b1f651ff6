"""The controls of the market dashboard: they say what was asked for and show what is."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import ipywidgets as widgets
import pandas as pd

from workbench.indicators import INDICATORS

PRESETS = {
    "1M": pd.DateOffset(months=1),
    "6M": pd.DateOffset(months=6),
    "1Y": pd.DateOffset(years=1),
    "5Y": pd.DateOffset(years=5),
    "All": None,
}
NO_INDICATOR = ("No indicator", "")


class State(Protocol):
    """What the controls show."""

    symbol: str
    timeframe: str
    indicator: str
    parameters: Mapping[str, Any]


class Controls(widgets.HBox):
    """Symbol, timeframe, range and indicator with its parameters, in one bar that wraps.

    >>> Controls(["AAPL", "IBM"]).symbols
    ('AAPL', 'IBM')
    """

    def __init__(self, symbols: Sequence[str]) -> None:
        self._showing = False
        self._times = pd.DatetimeIndex([], tz="UTC")
        self._symbol = widgets.Dropdown(
            options=list(symbols), tooltip="Symbol", layout={"width": "100px"}
        )
        self._timeframe = widgets.ToggleButtons(
            options=[], style={"button_width": "auto"}, layout={"width": "auto"}
        )
        self._presets = widgets.ToggleButtons(
            options=list(PRESETS),
            value="All",
            style={"button_width": "auto"},
            layout={"width": "auto"},
        )
        self._start, self._end = (
            widgets.DatePicker(tooltip=tooltip, layout={"width": "132px"})
            for tooltip in ("First date", "Last date")
        )
        titles = sorted(
            (record.title, name) for name, record in INDICATORS.items() if record.of_bars
        )
        self._indicator = widgets.Dropdown(
            options=[NO_INDICATOR, *titles], tooltip="Indicator", layout={"width": "300px"}
        )
        self._parameters = widgets.HBox(layout={"width": "auto"})
        dates = widgets.HBox([self._start, widgets.Label("–"), self._end])
        super().__init__(
            [
                self._symbol,
                self._timeframe,
                self._presets,
                dates,
                self._indicator,
                self._parameters,
            ],
            layout={"flex_flow": "row wrap", "align_items": "center", "grid_gap": "6px 12px"},
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that can be chosen."""
        return tuple(self._symbol.options)

    def on_symbol(self, act: Callable[[str], None]) -> None:
        """Call `act(symbol)` when the user picks one."""
        self._on(self._symbol, lambda: act(self._symbol.value))

    def on_timeframe(self, act: Callable[[str], None]) -> None:
        """Call `act(timeframe)` when the user picks one."""
        self._on(self._timeframe, lambda: act(self._timeframe.value))

    def on_range(self, act: Callable[[str, str], None]) -> None:
        """Call `act(start, end)` with ISO dates, empty for an open end."""
        self._on(self._presets, lambda: act(*self._preset()))
        for picker in (self._start, self._end):
            self._on(picker, lambda: act(iso(self._start.value), iso(self._end.value)))

    def on_indicator(self, act: Callable[[str, dict[str, Any]], None]) -> None:
        """Call `act(name, parameters)` when the user picks an indicator or sets a parameter."""
        self._act_on_indicator = act
        self._on(self._indicator, lambda: act(self._indicator.value, {}))

    def offer_timeframes(self, timeframes: Sequence[str]) -> None:
        """The timeframes of the symbol; one alone is no choice and not shown."""
        with self._quietly():
            self._timeframe.options = list(timeframes)
            self._timeframe.layout.display = None if len(timeframes) > 1 else "none"

    def show(self, state: State, times: pd.DatetimeIndex, visible: tuple[int, int]) -> None:
        """Show `state` and the range of the bars number `visible`, without asking for it."""
        self._times = times
        first, end = visible
        with self._quietly():
            self._symbol.value = state.symbol
            if state.timeframe in self._timeframe.options:
                self._timeframe.value = state.timeframe
            self._start.value, self._end.value = times[first].date(), times[end - 1].date()
            self._presets.value = self._preset_of(first, end)
            self._show_indicator(state.indicator, state.parameters)

    def _on(self, control: widgets.Widget, act: Callable[[], None]) -> None:
        def answer(_: Any) -> None:
            if not self._showing and control.value is not None:
                act()

        control.observe(answer, "value")

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        before, self._showing = self._showing, True
        try:
            yield
        finally:
            self._showing = before

    def _preset(self) -> tuple[str, str]:
        back = PRESETS[self._presets.value]
        if back is None:
            return "", ""
        return iso((self._times[-1] - back).date() + datetime.timedelta(days=1)), ""

    def _preset_of(self, first: int, end: int) -> str | None:
        """The preset that shows exactly the bars `[first, end)`."""
        if end != len(self._times):
            return None
        if first == 0:
            return "All"
        for name, back in PRESETS.items():
            if back is not None:
                start = (self._times[-1] - back).normalize() + pd.Timedelta(days=1)
                if self._times.searchsorted(start) == first:
                    return name
        return None

    def _show_indicator(self, name: str, values: Mapping[str, Any]) -> None:
        fields = {box.description: box for box in self._parameters.children}
        if self._indicator.value != name or list(fields) != list(values):
            self._indicator.value = name
            self._parameters.children = [self._field(name, each) for each in values]
            fields = {box.description: box for box in self._parameters.children}
        for parameter, value in values.items():
            fields[parameter].value = value

    def _field(self, indicator: str, name: str) -> widgets.Widget:
        parameter = INDICATORS[indicator].parameters[name]
        kind = widgets.BoundedIntText if parameter.kind is int else widgets.BoundedFloatText
        box = kind(
            value=parameter.default,
            min=parameter.minimum,
            max=parameter.maximum,
            description=name,
            style={"description_width": "auto"},
            layout={"width": "auto", "max_width": f"{len(name) * 8 + 76}px"},
        )
        self._on(box, self._parameter_set)
        return box

    def _parameter_set(self) -> None:
        values = {box.description: box.value for box in self._parameters.children}
        self._act_on_indicator(self._indicator.value, values)


def iso(day: datetime.date | None) -> str:
    """A date as text, "" for none.

    >>> iso(datetime.date(2015, 3, 2)), iso(None)
    ('2015-03-02', '')
    """
    return day.isoformat() if day is not None else ""
