"""The plan stage: which series of a source, and which range of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench import sessions
from workbench.errors import InputError, UnknownNameError
from workbench.sessions import Window
from workbench.sources.protocol import Series, Source


@dataclass(frozen=True)
class Plan:
    """What to ingest."""

    source: Source
    series: tuple[Series, ...]
    window: Window

    @classmethod
    def of(
        cls,
        source: Source,
        symbols: str | Sequence[str] | None,
        timeframe: str | None,
        window: Window,
    ) -> Plan:
        """The series of `source` that were asked for; None asks for all.

        Raises UnknownNameError for a symbol or timeframe that the source does not have, and
        InputError when nothing is left to do.
        """
        available = source.series()
        if timeframe is not None:
            available = _at(available, sessions.timeframe(timeframe).name, source)
        if symbols is not None:
            available = _of(available, [symbols] if isinstance(symbols, str) else symbols, source)
        if not available:
            raise InputError(
                f"nothing to ingest: source {source.name} and the request share no series"
            )
        return cls(source, tuple(available), window)


def _at(available: Sequence[Series], timeframe: str, source: Source) -> list[Series]:
    known = {series.timeframe for series in available}
    if timeframe not in known:
        raise UnknownNameError(f"timeframe in source {source.name}", timeframe, known)
    return [series for series in available if series.timeframe == timeframe]


def _of(available: Sequence[Series], symbols: Sequence[str], source: Source) -> list[Series]:
    known = {series.symbol for series in available}
    for symbol in symbols:
        if symbol not in known:
            raise UnknownNameError(f"symbol in source {source.name}", symbol, known)
    return [series for series in available if series.symbol in set(symbols)]
