"""From reduced bars and lines to the traces and the layout of a Plotly figure; all pure.

The x axis counts bars (the first bar of the series is 0, bar `i` reaches from `i - 0.5` to
`i + 0.5`), so that nights, weekends and holidays leave no gap; its ticks are calendar dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from workbench.charts.pyramid import POINTS_PER_BUCKET, BarPyramid, Candles, LinePyramid
from workbench.charts.study import Study
from workbench.charts.style import Style, template, tint
from workbench.charts.ticks import DAY_US, spans, time_ticks
from workbench.shape import FIELDS, Floats

Trace = dict[str, Any]
CLOSE, VOLUME = FIELDS.index("close"), FIELDS.index("volume")
WEIGHTS = {"price": 3.6, "volume": 0.8, "own": 1.2}
GAP = 0.025


@dataclass(frozen=True)
class Drawn:
    """A study with the pyramids of its lines, on the rows of the bars."""

    study: Study
    lines: dict[str, LinePyramid]

    @classmethod
    def of(cls, study: Study, bars: pd.DataFrame) -> Drawn:
        """The lines of `study` at the times of `bars`; NaN where a line has no value."""
        lines = {name: LinePyramid(s.reindex(bars.index)) for name, s in study.lines.items()}
        return cls(study, lines)


@dataclass(frozen=True)
class Scene:
    """Everything that a figure may show, at full resolution."""

    bars: BarPyramid
    drawn: tuple[Drawn, ...] = ()
    title: str = ""

    @classmethod
    def of(cls, bars: pd.DataFrame, studies: list[Study], title: str = "") -> Scene:
        """Pyramids over `bars` and the lines of `studies`."""
        return cls(BarPyramid(bars), tuple(Drawn.of(s, bars) for s in studies), title)

    def with_studies(self, studies: list[Study], bars: pd.DataFrame) -> Scene:
        """The same bars, whose pyramid is kept, with other studies."""
        return Scene(self.bars, tuple(Drawn.of(s, bars) for s in studies), self.title)

    @cached_property
    def unit(self) -> str:
        """What a bar is called."""
        return "bars" if (self.bars.timestamp_us % DAY_US).any() else "sessions"

    @cached_property
    def has_volume(self) -> bool:
        """Whether any bar was traded in; indices and currencies often have none."""
        return bool(np.nansum(self.bars.rows(0, len(self.bars), points=2).values[VOLUME]) > 0)

    @cached_property
    def panes(self) -> list[str]:
        """The kinds of the panes from top to bottom: price, volume, one for each own study."""
        own = ["own" for drawn in self.drawn if not drawn.study.on_price]
        return ["price", *(["volume"] if self.has_volume else []), *own]


@dataclass(frozen=True)
class View:
    """A scene reduced to one viewport: bars `[first, end)` with at most `points` per trace."""

    scene: Scene
    first: int
    end: int
    points: int
    style: Style
    candles: Candles = field(init=False)

    def __post_init__(self) -> None:
        budget = max(self.points // POINTS_PER_BUCKET, 2)
        candles = self.scene.bars.rows(self.first, self.end, points=budget)
        object.__setattr__(self, "candles", candles)

    @property
    def centre(self) -> Floats:
        """Where on the x axis each candle stands: the middle of a full bucket."""
        width = self.candles.width
        return (self.candles.row // width * width + (width - 1) / 2).astype(np.float64)

    @property
    def decimals(self) -> int:
        """How many decimals a price needs here."""
        largest = np.nanmax(self.candles.values[:4], initial=0.0)
        return 2 if largest >= 10 else 4 if largest >= 0.1 else 6

    def traces(self) -> list[Trace]:
        """Candles, volume where there is any, and the lines of every study."""
        bars = [candle_trace(self)] + ([volume_trace(self)] if self.scene.has_volume else [])
        return bars + [line for line, _ in self._lines()]

    def layout(self) -> dict[str, Any]:
        """Axes, ticks, guides and labels."""
        style, scene = self.style, self.scene
        shared = {
            "template": template(style),
            "autosize": True,
            "showlegend": False,
            "hovermode": "x unified",
            "hoversubplots": "axis",
            "dragmode": "zoom",
            "selectdirection": "h",
            "bargap": 0.15,
            "margin": {"l": 12, "r": 68, "t": 12, "b": 40},
            "xaxis": x_axis(self),
            "annotations": [*notices(self), *last_price(self)],
            "shapes": guides(self),
        }
        for number, (kind, domain) in enumerate(zip(scene.panes, self._domains(), strict=True)):
            shared[axis_name(number, "yaxis")] = y_axis(self, kind, domain, self._limits(number))
        return shared

    def own(self) -> list[tuple[int, Drawn]]:
        """The studies that have a pane of their own, with the number of that pane."""
        own = [drawn for drawn in self.scene.drawn if not drawn.study.on_price]
        return list(enumerate(own, start=len(self.scene.panes) - len(own)))

    def labels(self) -> list[tuple[int, str]]:
        """Pane number and text of each pane's label, latest visible values included."""
        found: dict[int, list[str]] = {0: [f"<b>{self.scene.title}</b>"] * bool(self.scene.title)}
        if self.scene.has_volume:
            found[1] = [f"Volume {compact(self.candles.values[VOLUME][-1])}"]
        panes = {id(drawn): number for number, drawn in self.own()}
        for drawn in self.scene.drawn:
            found.setdefault(panes.get(id(drawn), 0), []).append(drawn.study.title)
        for line, number in self._lines():
            value = next((v for v in line["y"][::-1] if not np.isnan(v)), None)
            if value is not None:
                shown = f"{value:,.{self.decimals}f}"
                found[number].append(f'<span style="color:{line["line"]["color"]}">{shown}</span>')
        return [(number, "  ".join(texts)) for number, texts in found.items() if texts]

    def _lines(self) -> list[tuple[Trace, int]]:
        """The trace of each line and the number of its pane."""
        panes = {id(drawn): number for number, drawn in self.own()}
        result, colour = [], 0
        for drawn in self.scene.drawn:
            number = panes.get(id(drawn), 0)
            colour = colour if number == 0 else 0
            for name in drawn.lines:
                result.append((line_trace(self, drawn, name, number, colour), number))
                colour += 1
        return result

    def _domains(self) -> list[tuple[float, float]]:
        """Where each pane stands, as shares of the height from below."""
        weights = [WEIGHTS[kind] for kind in self.scene.panes]
        room = (1 - GAP * (len(weights) - 1)) / sum(weights)
        domains, top = [], 1.0
        for weight in weights:
            domains.append((round(max(top - weight * room, 0.0), 6), round(top, 6)))
            top -= weight * room + GAP
        return domains

    def _limits(self, number: int) -> tuple[float, float] | None:
        return next((d.study.limits for pane, d in self.own() if pane == number), None)


def axis_name(number: int, prefix: str = "y") -> str:
    """What Plotly calls the y axis of a pane.

    >>> axis_name(0), axis_name(2), axis_name(1, "yaxis")
    ('y', 'y3', 'yaxis2')
    """
    return prefix if number == 0 else f"{prefix}{number + 1}"


def candle_trace(view: View) -> Trace:
    """The candles; `customdata` says what each one covers, first bar first."""
    style, candles = view.style, view.candles
    opens, high, low, close, _ = candles.values
    end = np.append(candles.row[1:], view.end)
    price = f",.{view.decimals}f"
    shown = " ".join(f"{k} %{{{f}:{price}}}" for k, f in zip("OHLC", FIELDS[:4], strict=True))
    return {
        "type": "candlestick",
        "name": "price",
        "x": view.centre,
        "open": opens,
        "high": high,
        "low": low,
        "close": close,
        "customdata": spans(view.scene.bars.timestamp_us, candles.row, end),
        "increasing": {"line": {"color": style.up, "width": 1}, "fillcolor": style.up},
        "decreasing": {"line": {"color": style.down, "width": 1}, "fillcolor": style.down},
        "whiskerwidth": 0,
        "hovertemplate": f"<b>%{{customdata}}</b><br>{shown}<extra></extra>",
        "yaxis": "y",
    }


def volume_trace(view: View) -> Trace:
    """The summed volume of each candle, in its colour."""
    style, candles = view.style, view.candles
    opens, _, _, close, volume = candles.values
    rising = np.where(close >= opens, tint(style.up, 0.55), tint(style.down, 0.55))
    return {
        "type": "bar",
        "name": "volume",
        "x": view.centre,
        "y": volume,
        "marker": {"color": rising.tolist(), "line": {"width": 0}},
        "hovertemplate": "Volume %{y:,.3s}<extra></extra>",
        "yaxis": "y2",
    }


def line_trace(view: View, drawn: Drawn, name: str, number: int, colour: int) -> Trace:
    """One line of a study; a histogram is filled to zero."""
    line = drawn.lines[name].rows(view.first, view.end, points=view.points)
    hue = view.style.lines[colour % len(view.style.lines)]
    filled = name in drawn.study.filled
    return {
        "type": "scatter",
        "mode": "lines",
        "name": drawn.study.title if len(drawn.lines) == 1 else f"{drawn.study.title} {name}",
        "x": line.row.astype(np.float64),
        "y": line.value,
        "line": {"color": hue, "width": 1 if filled else 1.6},
        "fill": "tozeroy" if filled else "none",
        "fillcolor": tint(hue, 0.25),
        "hovertemplate": f"{name} %{{y:,.{view.decimals}f}}<extra></extra>",
        "yaxis": axis_name(number),
    }


def x_axis(view: View) -> dict[str, Any]:
    """The bar-counting axis with calendar ticks, under the lowest pane."""
    rows, labels = time_ticks(view.scene.bars.timestamp_us, view.first, view.end)
    return {
        "range": [view.first - 0.5, view.end - 0.5],
        "autorange": False,
        "tickmode": "array",
        "tickvals": rows,
        "ticktext": labels,
        "ticklabelstandoff": 6,
        "anchor": axis_name(len(view.scene.panes) - 1),
        "showspikes": True,
        "spikemode": "across",
        "rangeslider": {"visible": False},
        "unifiedhovertitle": {"text": " "},
    }


def y_axis(
    view: View, kind: str, domain: tuple[float, float], limits: tuple[float, float] | None
) -> dict[str, Any]:
    """A pane's value axis, on the right; it follows what is visible unless it has limits."""
    axis: dict[str, Any] = {
        "domain": list(domain),
        "side": "right",
        "fixedrange": True,
        "automargin": False,
        "ticklabelstandoff": 6,
        "nticks": 8 if kind == "price" else 4,
        "autorange": limits is None,
        "tickformat": {"price": f",.{view.decimals}f", "volume": "~s"}.get(kind, ""),
    }
    if kind == "volume":
        axis |= {"rangemode": "tozero", "nticks": 3}
    if limits is not None:
        axis |= {"range": list(limits)}
    return axis


def guides(view: View) -> list[dict[str, Any]]:
    """Horizontal levels of the studies and the line of the last close."""
    close = view.candles.values[CLOSE][-1]
    levels = [(0, close, "dot")] if np.isfinite(close) else []
    levels += [(n, level, "dash") for n, drawn in view.own() for level in drawn.study.levels]
    return [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "yref": axis_name(number),
            "y0": float(level),
            "y1": float(level),
            "line": {"color": tint(view.style.faint, 0.7), "width": 1, "dash": dash},
            "layer": "below",
        }
        for number, level, dash in levels
    ]


def last_price(view: View) -> list[dict[str, Any]]:
    """The tag of the last visible close at the price axis."""
    opens, _, _, close, _ = view.candles.values[:, -1]
    if not np.isfinite(close):
        return []
    return [
        {
            "text": f"{close:,.{view.decimals}f}",
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "yref": "y",
            "y": float(close),
            "showarrow": False,
            "borderpad": 3,
            "font": {"color": "#ffffff", "size": 11},
            "bgcolor": view.style.up if close >= opens else view.style.down,
        }
    ]


def notices(view: View) -> list[dict[str, Any]]:
    """The panes' labels at their upper left, and whether the candles are reduced."""
    domains = view._domains()
    texts = [(0.004, "left", domains[n][1], text) for n, text in view.labels()]
    width = view.candles.width
    if width > 1:
        reduced = f"1 candle = {width:,} {view.scene.unit}"
        texts.append((0.996, "right", domains[0][1], reduced))
    return [
        {
            "text": text,
            "xref": "paper",
            "x": x,
            "xanchor": anchor,
            "yref": "paper",
            "y": top,
            "yanchor": "top",
            "showarrow": False,
            "font": {"size": 12, "color": view.style.faint},
            "bgcolor": tint(view.style.paper, 0.75),
        }
        for x, anchor, top, text in texts
    ]


def compact(value: float) -> str:
    """A large number in few characters.

    >>> compact(1_234_567.0), compact(950.0), compact(float("nan"))
    ('1.23M', '950', '–')
    """
    if not np.isfinite(value):
        return "–"
    for limit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"
