"""The words and the style of the market dashboard, as HTML."""

from __future__ import annotations

import html

import pandas as pd

from workbench.sessions import brief

CSS = """
.workbench-market { --wb-text: var(--jp-ui-font-color1, #1f2733);
  --wb-faint: var(--jp-ui-font-color2, #6b7685);
  --jp-widgets-dropdown-arrow: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 18 18'%3E%3Cpath d='M5 7l4 4 4-4' fill='none' stroke='%23888' stroke-width='2'/%3E\
%3C/svg%3E"); gap: 6px; padding: 8px 12px; overflow: hidden; }
.workbench-market .wb-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 14px;
  font-size: 15px; line-height: 1.4; color: var(--wb-text); }
.workbench-market .wb-symbol { font-size: 22px; font-weight: 700; letter-spacing: .01em; }
.workbench-market .wb-last { font-size: 22px; font-variant-numeric: tabular-nums; }
.workbench-market .wb-up { color: #0f9d7a; } .workbench-market .wb-down { color: #e0484f; }
.workbench-market .wb-faint { color: var(--wb-faint); font-size: 13px; }
.workbench-market .wb-foot { display: flex; justify-content: space-between; gap: 12px;
  color: var(--wb-faint); font-size: 12px; line-height: 1.5; }
.workbench-market .wb-foot a { color: inherit; }
.workbench-market .wb-error { border-left: 3px solid #e0484f; padding: 4px 10px;
  color: var(--wb-text); background: rgba(224,72,79,.12); border-radius: 3px; line-height: 1.5; }
.workbench-market .widget-toggle-buttons .widget-toggle-button { border-radius: 4px; }
"""


def summary(symbol: str, bars: pd.DataFrame, shown: pd.DataFrame) -> str:
    """The symbol, its last visible close and the change over what is visible, as HTML."""
    first, last = shown["close"].iloc[0], shown["close"].iloc[-1]
    change = last - first
    tone = "up" if change >= 0 else "down"
    share = f"{change / first:+.2%}" if first else ""
    spread = f"{brief(shown.index[0])} – {brief(shown.index[-1])}"
    return (
        f'<div class="wb-head"><span class="wb-symbol">{html.escape(symbol)}</span>'
        f'<span class="wb-last">{last:,.6g}</span>'
        f'<span class="wb-{tone}">{change:+,.4g} ({share})</span>'
        f'<span class="wb-faint">{spread} · {len(shown):,} of {len(bars):,} bars</span></div>'
    )


def footer(bars: pd.DataFrame, link: str) -> str:
    """How fresh the bars are, and the link to this very view, as HTML."""
    freshness = html.escape(str(bars.attrs.get("freshness", "")))
    return (
        f'<div class="wb-foot"><span>{freshness}</span>'
        f'<a href="{html.escape(link)}">Link to this view</a></div>'
    )


def error_line(message: str) -> str:
    """`message` as a line that readers of the page and screen readers notice; "" for none.

    >>> error_line("no bars < here")
    '<div class="wb-error" role="alert">no bars &lt; here</div>'
    """
    return f'<div class="wb-error" role="alert">{html.escape(message)}</div>' if message else ""
