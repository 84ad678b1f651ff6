"""A chart that reads its own zoom: each new viewport is reduced afresh on the kernel."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go
import traitlets

from workbench.charts.figure import Scene, View
from workbench.charts.pyramid import row_range
from workbench.charts.study import Study, studies
from workbench.charts.style import STYLES, Style, style_named
from workbench.charts.theme import PageTheme
from workbench.errors import BarsError, InputError, UnknownNameError
from workbench.sessions import Moment, Window
from workbench.shape import checked, is_panel

DEBOUNCE_S = 0.06
THEMES = ("auto", *STYLES)
CONFIG = {
    "displaylogo": False,
    "displayModeBar": False,
    "doubleClick": "autosize",
    "responsive": True,
    "scrollZoom": True,
}


class Chart(go.FigureWidget):
    """A FigureWidget of candles, volume and studies that re-aggregates when it is zoomed.

    Drag to zoom, shift-drag to pan, scroll to zoom at the pointer, double-click to see it all.
    `viewport` holds the numbers of the first visible bar and of the one after the last. `page` is
    an invisible widget that belongs beside the chart, where it learns the page's theme and width.
    """

    _made = False
    data: Any  # Plotly's own, which carries no type
    viewport = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(0, 0))

    def __init__(
        self,
        bars: pd.DataFrame,
        drawn: Iterable[Study] = (),
        *,
        points: int = 2000,
        theme: str = "auto",
        title: str = "",
        height: int = 620,
    ) -> None:
        if points < 8:
            raise InputError(f"points={points} cannot show a chart; allow at least 8 per trace")
        self._page = PageTheme()
        self._points, self._theme = points, known_theme(theme)
        self._style = self._wanted_style()
        self._drawing = False
        self._later: asyncio.TimerHandle | None = None
        self._bars, self._studies = checked(bars), list(drawn)
        self._scene = Scene.of(self._bars, self._studies, title)
        view = self._view(0, len(bars))
        super().__init__(data=view.traces(), layout={**view.layout(), "height": height})
        # The one way that Plotly offers to configure a FigureWidget.
        self._config = CONFIG
        self._made, self.viewport = True, (0, len(bars))
        self._page.observe(lambda _: self._restyle(), "theme")
        self.layout.on_change(self._zoomed, "xaxis.range", "xaxis.autorange")

    @property
    def page(self) -> PageTheme:
        """What tells the chart the page's theme and width; displays nothing."""
        return self._page

    def show_bars(self, bars: pd.DataFrame, title: str = "", drawn: Iterable[Study] = ()) -> None:
        """Show other bars with their studies, all of them in view."""
        self._bars, self._studies = checked(bars), list(drawn)
        self._scene = Scene.of(self._bars, self._studies, title)
        self._draw(0, len(bars))

    def show_studies(self, drawn: Iterable[Study]) -> None:
        """Show the same bars and viewport with other studies."""
        self._studies = list(drawn)
        self._scene = self._scene.with_studies(self._studies, self._bars)
        self._draw(*self.viewport)

    def show_range(self, start: Moment | None = None, end: Moment | None = None) -> None:
        """Show the bars in `[start, end)`; RangeError when there is none."""
        window = Window.of(start, end)
        rows = row_range(self._scene.bars.timestamp_us, window.start_us, window.end_us)
        self._draw(*rows)

    def show_theme(self, theme: str) -> None:
        """Draw in the style called `theme`: light, dark, or auto, which follows the page."""
        self._theme = known_theme(theme)
        self._restyle()

    def _wanted_style(self) -> Style:
        return style_named(self._page.theme if self._theme == "auto" else self._theme)

    def _restyle(self) -> None:
        if self._wanted_style() != self._style:
            self._style = self._wanted_style()
            self._draw(*self.viewport)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Displayed by itself, the chart brings its `page` along."""
        # With `overflow` the box may become narrower than the chart in it, which then follows.
        box = widgets.VBox([self._page, self], layout={"width": "100%", "overflow": "hidden"})
        return box._repr_mimebundle_(**options)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """What a page that opens now is told: the figure as it is.

        Plotly tells the one it was made with, unless the figure is displayed by itself.
        """
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        figure = {"_widget_data", "_widget_layout"} & set(state)
        if figure and self._made:
            drawn = self.to_plotly_json()
            for name in figure:
                serialise = self.trait_metadata(name, "to_json")
                state[name] = serialise(drawn[name.removeprefix("_widget_")], self)
        return state

    @traitlets.observe("_js2py_traceDeltas")
    def _handler_js2py_traceDeltas(self, change: Any) -> None:  # noqa: N802  (Plotly's name)
        """Leave the defaults that the page fills into traces where they are.

        Plotly copies them here and drops what they overlap with, which fails at numpy arrays and
        would forget the data; what a trace is, this class says alone.
        """
        if change["new"]:
            self._js2py_traceDeltas = None

    def _view(self, first: int, end: int) -> View:
        return View(self._scene, first, end, self._points, self._style)

    def _draw(self, first: int, end: int) -> None:
        """Replace what is drawn by the bars `[first, end)`, in one message to the page."""
        view = self._view(first, end)
        traces = view.traces()
        self._drawing = True
        try:
            if [trace.type for trace in self.data] != [trace["type"] for trace in traces]:
                self.data = ()
                self.add_traces(traces)
            with self.batch_update():
                for old, new in zip(self.data, traces, strict=True):
                    old.update(new)
                self.layout.update(view.layout(), overwrite=True)
        finally:
            self._drawing = False
        self.viewport = (first, end)

    def _zoomed(self, _layout: Any, visible: Any, automatic: Any) -> None:
        """Answer a zoom or pan of the page once it rests."""
        if not self._drawing:
            self._debounce(lambda: self._follow(visible, automatic))

    def _follow(self, visible: Any, automatic: Any) -> None:
        rows = len(self._bars)
        if automatic or visible is None:
            return self._draw(0, rows)
        left, right = sorted(float(bound) for bound in visible)
        span = min(max(math.floor(right - left + 0.5), 2), rows)
        first = min(max(math.ceil(left), 0), rows - span)
        return self._draw(first, first + span)

    def _debounce(self, action: Callable[[], None]) -> None:
        """Do `action` once no other came for a moment; at once where no event loop runs."""
        if self._later is not None:
            self._later.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            action()
        else:
            self._later = loop.call_later(DEBOUNCE_S, action)


def known_theme(name: str) -> str:
    """`name` when it is one of THEMES; UnknownNameError names them.

    >>> known_theme("auto")
    'auto'
    """
    if name not in THEMES:
        raise UnknownNameError("theme", str(name), THEMES)
    return name


def chart(
    bars: pd.DataFrame,
    *,
    overlays: Iterable[object] | object = (),
    indicators: Iterable[object] | object = (),
    points: int = 2000,
    theme: str = "auto",
    title: str = "",
    height: int = 620,
) -> Chart:
    """A live chart of one symbol's Bars: candles, volume, lines on the price and in own panes.

    `overlays` share the price pane, each of `indicators` has a pane of its own; both are Series or
    DataFrames with flat columns at the times of the bars, or a Study. The name of an indicator,
    such as "rsi", draws it with its defaults in the pane where it belongs. No trace ever carries
    more than `points` points: a wide range is reduced to exact candles and to lines that keep
    every extreme, and the figure says so. NaN leaves a gap. `theme` is light, dark, or auto, which
    follows the page.

    Raises BarsError for another shape, UnknownNameError for an indicator that there is not, and
    InputError for what cannot be drawn.

    >>> index = pd.date_range("2020", periods=3, tz="UTC", name="timestamp")
    >>> bars = pd.DataFrame(
    ...     {"open": 1.0, "high": 3.0, "low": 1.0, "close": 2.0, "volume": 5.0}, index=index
    ... )
    >>> [trace.type for trace in chart(bars, overlays=bars["close"].rolling(2).mean()).data]
    ['candlestick', 'bar', 'scatter']
    """
    if is_panel(bars):
        raise BarsError("a chart shows one symbol; pick it: wb.chart(wb.bars('AAPL'))")
    if bars.empty:
        raise BarsError("a chart needs at least one bar; ask for a wider range")
    drawn = [*studies(overlays, "price", bars), *studies(indicators, "own", bars)]
    return Chart(bars, drawn, points=points, theme=theme, title=title, height=height)
