"""Draw every indicator over sample bars, one small SVG each, for the reference.

    python scripts/draw_indicators.py [FOLDER]

The pictures follow the reader's light or dark mode.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.indicators import INDICATORS, Indicator

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference" / "plots"
COMPUTED, SHOWN = 700, 160
WIDTH, PRICE, OWN, GAP, LEFT, TOP = 640, 150, 110, 14, 46, 22
Array = np.ndarray[Any, Any]
STYLE = """
text{font:11px system-ui,sans-serif;fill:#444}.t{font-weight:600;fill:#222}
.p{stroke:#9aa4b1}.a{stroke:#1f6feb}.b{stroke:#d9480f}.c{stroke:#2b8a3e}.d{stroke:#862e9c}
.e{stroke:#c2255c}.f{stroke:#0b7285}.g{stroke:#5c940d}.r{stroke:#8884}
path,line{fill:none;stroke-width:1.3}.r{stroke-width:1}.l{stroke-dasharray:3 3}
@media(prefers-color-scheme:dark){text{fill:#aaa}.t{fill:#eee}.p{stroke:#6b7480}.a{stroke:#6ea8fe}
.b{stroke:#ff922b}.c{stroke:#69db7c}.d{stroke:#cc8ee8}.e{stroke:#f783ac}.f{stroke:#66d9e8}
.g{stroke:#a9e34b}}
""".replace("\n", "")


@dataclass(frozen=True)
class Pane:
    """A strip of the picture with a scale of its own."""

    top: float
    height: float
    low: float
    high: float

    @classmethod
    def of(cls, top: float, height: float, values: Sequence[Array], limits: Any = None) -> Pane:
        known = np.concatenate([np.ravel(value) for value in values])
        known = known[np.isfinite(known)]
        low, high = limits or (known.min(initial=np.inf), known.max(initial=-np.inf))
        if not low < high:
            middle = low if np.isfinite(low) else 0.0
            low, high = middle - 1, middle + 1
        margin = 0.0 if limits else 0.04 * (high - low)
        return cls(top, height, low - margin, high + margin)

    def y(self, value: float) -> float:
        return self.top + self.height * (self.high - value) / (self.high - self.low)

    def frame(self) -> str:
        bottom = self.top + self.height
        return (
            f'<path class="r" d="M{LEFT} {self.top}H{WIDTH}M{LEFT} {bottom}H{WIDTH}"/>'
            f'<text x="{LEFT - 5}" y="{self.top + 9}" text-anchor="end">{short(self.high)}</text>'
            f'<text x="{LEFT - 5}" y="{bottom}" text-anchor="end">{short(self.low)}</text>'
        )

    def line(self, values: Array, name: str) -> str:
        """A polyline, broken where a value is missing."""
        path, pen = [], "M"
        for number, value in enumerate(values):
            if np.isfinite(value):
                path.append(f"{pen}{x(number):.1f} {self.y(value):.1f}")
                pen = "L"
            else:
                pen = "M"
        return f'<path class="{name}" d="{"".join(path)}"/>'

    def bars(self, values: Array, name: str) -> str:
        """Upright strokes from zero."""
        zero = min(max(0.0, self.low), self.high)
        path = [
            f"M{x(number):.1f} {self.y(zero):.1f}V{self.y(value):.1f}"
            for number, value in enumerate(values)
            if np.isfinite(value) and value != 0
        ]
        return f'<path class="{name}" d="{"".join(path)}"/>'


def x(number: int) -> float:
    return LEFT + (number + 0.5) * (WIDTH - LEFT) / SHOWN


def short(value: float) -> str:
    """A label of an axis.

    >>> short(1234567.0), short(0.01234), short(41.66)
    ('1.23M', '0.0123', '41.7')
    """
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            divisor = 1e3 if letter == "k" else limit
            return f"{value / divisor:.3g}{letter}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def sample() -> dict[str, Array]:
    """Bars of AAPL, and what else an indicator may want."""
    read = {
        name: pd.read_csv(ROOT / "data" / "sample" / f"{name}_1d.csv.gz", index_col=0)
        for name in ("AAPL", "SPX")
    }
    bars, other = (frame.rename(columns=str.lower) for frame in read.values())
    bars, other = bars.align(other, join="inner", axis=0)
    columns = {field: bars[field].to_numpy(float)[-COMPUTED:] for field in bars}
    place = np.arange(COMPUTED)
    return columns | {
        "benchmark": other["close"].to_numpy(float)[-COMPUTED:],
        "periods": np.where(place % 60 < 30, 8.0, 20.0),
        "session": (place // 5).astype(float),
        "anchor": (place == COMPUTED - SHOWN + 30).astype(float),
    }


def drawn(record: Indicator, columns: dict[str, Array]) -> str:
    """The picture of an indicator."""
    found = record.compute(*(columns[name] for name in record.inputs))
    outputs = [one[-SHOWN:] for one in (found if isinstance(found, tuple) else (found,))]
    close = columns["close"][-SHOWN:]
    over = record.pane == "price"
    price = Pane.of(TOP, PRICE, [close, *(outputs if over else [])])
    panes, body = [price], [price.line(close, "p")]
    target = price
    if not over:
        target = Pane.of(TOP + PRICE + GAP, OWN, [*outputs, np.array(record.levels)],
                         record.value_range)  # fmt: skip
        panes.append(target)
    for level in record.levels:
        y = f"{target.y(level):.1f}"
        body.append(f'<line class="r l" x1="{LEFT}" x2="{WIDTH}" y1="{y}" y2="{y}"/>')
    legend = []
    for number, (output, values) in enumerate(zip(record.outputs, outputs, strict=True)):
        colour = "abcdefg"[number % 7]
        draw = target.bars if output.mark == "bar" else target.line
        body.append(draw(values, colour))
        legend.append((output.name, colour))
    return picture(record, panes, body, legend)


def picture(record: Indicator, panes: list[Pane], body: list[str], legend: list[Any]) -> str:
    height = panes[-1].top + panes[-1].height + 4
    title = f'<text class="t" x="{LEFT}" y="14">{record.title}</text>'
    keys, place = [], WIDTH - 4
    for name, colour in reversed(legend if len(legend) > 1 else []):
        keys.append(f'<text x="{place}" y="14" text-anchor="end">{name}</text>')
        place -= 7 * len(name) + 8
        keys.append(f'<path class="{colour}" d="M{place} 10h6" stroke-width="3"/>')
        place -= 10
    frames = [pane.frame() for pane in panes]
    content = "".join([title, *keys, *frames, *body])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'role="img" aria-label="{record.title}"><style>{STYLE}</style>{content}</svg>\n'
    )


def main(folder: Path = FOLDER) -> None:
    """Write the pictures, and remove those of indicators that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = sample()
    for name, record in INDICATORS.items():
        (folder / f"{name}.svg").write_text(drawn(record, columns))
    for path in folder.glob("*.svg"):
        if path.stem not in INDICATORS:
            path.unlink()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
