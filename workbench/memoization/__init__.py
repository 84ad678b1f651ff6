"""`wb.memoize`: results of expensive functions, kept as long as everything behind them stands."""

from workbench.memoization.calls import CallCounts, Memoized, memoized

__all__ = ["CallCounts", "Memoized", "memoized"]
