"""Statistics: TA-Lib, else each window by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import talib

from tests.oracles import Oracle

SAME: dict[str, Any] = {"scale": "same", "shift": "same"}
MOVES: dict[str, Any] = {"scale": "follows", "shift": "follows"}
SPREAD: dict[str, Any] = {"scale": "follows", "shift": "same"}


def windows(*values: int) -> list[dict[str, int]]:
    return [{"window": value} for value in values]


def of_close(name: str, settings: Any, **laws: Any) -> Oracle:
    function = getattr(talib, name)
    return Oracle(lambda close, window: [function(close, window)], settings, talib=name, **laws)


def each(figure: Callable[..., float], settings: Any, **laws: Any) -> Oracle:
    """`figure` of the values of every whole window, one by one."""

    def compute(close: Any, window: int, **others: Any) -> list[Any]:
        out = np.full(len(close), np.nan)
        for t in range(window - 1, len(close)):
            out[t] = figure(close[t - window + 1 : t + 1], **others)
        return [out]

    return Oracle(compute, settings, least_bars=1, **laws)


def zscore(values: Any) -> float:
    still = values.max() == values.min()
    return 0.0 if still else (values[-1] - values.mean()) / values.std()


def skew(values: Any) -> float:
    return 0.0 if values.max() == values.min() else float(pd.Series(values).skew())


def kurtosis(values: Any) -> float:
    return -3.0 if values.max() == values.min() else float(pd.Series(values).kurt())


def covariance(close: Any, benchmark: Any, window: int) -> list[Any]:
    return [pd.Series(close).rolling(window).cov(pd.Series(benchmark)).to_numpy()]


def quantile(close: Any, window: int, fraction: float = 0.5) -> list[Any]:
    return [pd.Series(close).rolling(window).quantile(fraction).to_numpy()]


def percentile(close: Any, window: int, percentage: float) -> list[Any]:
    return [talib.PERCENTILE(close, window, percentage)]


def distance(values: Any) -> float:
    return float(np.median(np.abs(values - np.median(values))))


def since_high(values: Any) -> float:
    return float(np.argmax(values[::-1]))


def since_low(values: Any) -> float:
    return float(np.argmin(values[::-1]))


def logs(close: Any) -> Any:
    return np.log(close) if len(close) else close


def autocorrelation(close: Any, window: int, lag: int) -> list[Any]:
    returns = np.r_[np.nan, close[1:] / close[:-1] - 1][: len(close)]
    out = np.full(len(close), np.nan)
    for t in range(window + lag, len(close)):
        new, old = returns[t - window + 1 : t + 1], returns[t - lag - window + 1 : t - lag + 1]
        still = new.max() == new.min() or old.max() == old.min()
        out[t] = 0.0 if still else np.corrcoef(new, old)[0, 1]
    return [out]


def hurst(values: Any, lags: int) -> float:
    steps = np.arange(1, lags + 1)
    moves = np.array([np.abs(values[lag:] - values[:-lag]).mean() for lag in steps])
    return float(np.polyfit(np.log(steps), np.log(moves), 1)[0]) if moves.all() else 0.0


def entropy(values: Any) -> float:
    shares = values / values.sum()
    return float(-(shares * np.log2(shares)).sum())


def variance_ratio(values: Any, lag: int) -> float:
    """Of the prices around `len(values)` - 1 returns, in the words of Lo and MacKinlay."""
    count = len(values) - 1
    drift = (values[-1] - values[0]) / count
    single = ((np.diff(values) - drift) ** 2).sum() / (count - 1)
    moves = values[lag:] - values[:-lag] - lag * drift
    whole = (moves**2).sum() / (lag * (count - lag + 1) * (1 - lag / count))
    return float(whole / single) if single else 0.0


def of_logs(figure: Callable[..., float], settings: Any, more: int = 0) -> Oracle:
    """`figure` of the logarithms of every window of `window` + `more` prices."""
    plain = each(figure, settings).compute

    def compute(close: Any, window: int, **others: Any) -> Any:
        return plain(logs(close), window + more, **others)

    return Oracle(compute, settings, scale="same", span=1.0, least_bars=1)


ORACLES = {
    "stddev": Oracle(
        lambda close, window, deviations: [talib.STDDEV(close, window, deviations)],
        [{"window": 2, "deviations": 1.0}, {"window": 5, "deviations": 2.5}],
        talib="STDDEV",
        **SPREAD,
    ),
    "var": of_close("VAR", windows(1, 2, 5), shift="same", least_bars=1),
    "avgdev": of_close("AVGDEV", windows(2, 3, 14), **SPREAD),
    "correl": Oracle(
        lambda close, benchmark, window: [talib.CORREL(close, benchmark, window)],
        windows(1, 2, 30),
        talib="CORREL",
        least_bars=1,
        shift="same",
    ),
    "beta": Oracle(
        lambda close, benchmark, window: [talib.BETA(benchmark, close, window)],
        windows(1, 2, 5),
        scale="same",
        span=1.0,
        talib="BETA",
    ),
    "covariance": Oracle(covariance, windows(2, 30), shift="same"),
    "zscore": each(zscore, windows(2, 20), span=1.0, **SAME),
    "skew": each(skew, windows(3, 30), span=1.0, **SAME),
    "kurtosis": each(kurtosis, windows(4, 30), span=1.0, **SAME),
    "median": Oracle(quantile, windows(1, 2, 3, 20), least_bars=1, **MOVES),
    "quantile": Oracle(
        quantile,
        [
            {"window": 1, "fraction": 0.5},
            {"window": 2, "fraction": 1.0},
            {"window": 7, "fraction": 0.0},
            {"window": 20, "fraction": 0.9},
        ],
        least_bars=1,
        **MOVES,
    ),
    "percentile": Oracle(
        percentile,
        [
            {"window": 2, "percentage": 0.0},
            {"window": 7, "percentage": 100.0},
            {"window": 20, "percentage": 35.0},
            {"window": 30, "percentage": 50.0},
        ],
        talib="PERCENTILE",
        **MOVES,
    ),
    "percentrank": of_close("PERCENTRANK", windows(2, 3, 100), **SAME),
    "mad": each(distance, windows(1, 2, 3, 20), **SPREAD),
    "highest": of_close("MAX", windows(2, 3, 30), **MOVES),
    "lowest": of_close("MIN", windows(2, 3, 30), **MOVES),
    "rolling_sum": of_close("SUM", windows(2, 3, 30), scale="follows"),
    "bars_since_high": each(since_high, windows(2, 3, 30), **SAME),
    "bars_since_low": each(since_low, windows(2, 3, 30), **SAME),
    "autocorrelation": Oracle(
        autocorrelation,
        [{"window": 2, "lag": 1}, {"window": 9, "lag": 4}, {"window": 60, "lag": 1}],
        scale="same",
    ),
    "hurst": of_logs(
        hurst, [{"window": 3, "lags": 2}, {"window": 20, "lags": 5}, {"window": 100, "lags": 19}]
    ),
    "entropy": each(entropy, windows(2, 20), scale="same", span=1.0),
    "variance_ratio": of_logs(
        variance_ratio,
        [{"lag": 2, "window": 3}, {"lag": 5, "window": 20}, {"lag": 2, "window": 100}],
        more=1,
    ),
}
