"""The state of the market dashboard as the query of a URL, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from workbench.indicators import INDICATORS

NAMES = ("symbol", "timeframe", "start", "end", "indicator", "theme")


def to_query(state: Mapping[str, Any]) -> str:
    """The query that opens the page in `state`; what says nothing is left out.

    >>> to_query({"symbol": "IBM", "start": "", "indicator": "rsi", "parameters": {"window": 7}})
    '?symbol=IBM&indicator=rsi&window=7'
    """
    said = {name: state[name] for name in NAMES if state.get(name) not in (None, "", "auto")}
    return f"?{urlencode(said | dict(state.get('parameters', {})))}"


def from_query(query: str) -> dict[str, Any]:
    """The state that a URL query asks for; what is no part of it, such as a token, is left out.

    >>> from_query("symbol=IBM&indicator=rsi&window=7&token=abc")
    {'symbol': 'IBM', 'indicator': 'rsi', 'parameters': {'window': 7}}
    """
    given = dict(parse_qsl(query.removeprefix("?")))
    state: dict[str, Any] = {name: given[name] for name in NAMES if name in given}
    record = INDICATORS.get(state.get("indicator", ""))
    if record is not None:
        state["parameters"] = {
            name: number(given[name]) for name in record.parameters if name in given
        }
    return state


def number(text: str) -> Any:
    """`text` as an int or float where it is one, else as it is, for the record to refuse.

    >>> number("14"), number("2.5"), number("many")
    (14, 2.5, 'many')
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
