"""Colours and figure templates, light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FONT = "Inter, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Style:
    """One look of a figure: CSS colours by role."""

    name: str
    paper: str
    text: str
    faint: str
    grid: str
    border: str
    box: str
    up: str
    down: str
    lines: tuple[str, ...]


LIGHT = Style(
    name="light",
    paper="#ffffff",
    text="#1f2733",
    faint="#6b7685",
    grid="#edf0f4",
    border="#d9dee6",
    box="#ffffff",
    up="#0f9d7a",
    down="#e0484f",
    lines=("#2f6fed", "#e58a00", "#8b5cf6", "#0891b2", "#c026a3", "#64748b"),
)
# The dark paper is that of JupyterLab's and Voilà's dark pages.
DARK = Style(
    name="dark",
    paper="#111111",
    text="#e3e8ef",
    faint="#a0a6ad",
    grid="#242424",
    border="#3a3a3a",
    box="#1e1e1e",
    up="#2cc29a",
    down="#f4646b",
    lines=("#6ea0ff", "#ffb347", "#b79bff", "#4cc9e0", "#f07bd8", "#9aa7b8"),
)
STYLES = {style.name: style for style in (LIGHT, DARK)}


def style_named(name: str) -> Style:
    """The style called `name`.

    >>> style_named("dark").paper
    '#111111'
    """
    return STYLES[name]


def tint(colour: str, opacity: float) -> str:
    """A `#rrggbb` colour with an opacity, as CSS.

    >>> tint("#ff8000", 0.5)
    'rgba(255,128,0,0.5)'
    """
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def template(style: Style) -> dict[str, Any]:
    """The Plotly template of a style: fonts, paper, axes and hover boxes.

    >>> template(LIGHT)["layout"]["paper_bgcolor"]
    '#ffffff'
    """
    axis = {
        "gridcolor": style.grid,
        "linecolor": style.border,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"color": style.faint, "size": 11},
        "spikecolor": style.faint,
        "spikethickness": 1,
        "spikedash": "dot",
        "spikesnap": "cursor",
    }
    return {
        "layout": {
            "paper_bgcolor": style.paper,
            "plot_bgcolor": style.paper,
            "font": {"family": FONT, "size": 12, "color": style.text},
            "colorway": list(style.lines),
            "hoverlabel": {
                "bgcolor": style.box,
                "bordercolor": style.border,
                "font": {"family": FONT, "size": 12, "color": style.text},
                "align": "left",
            },
            "xaxis": axis,
            "yaxis": axis,
        }
    }
