"""Performance: pandas and numpy, each window by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tests.oracles import Oracle

RATIO: dict[str, Any] = {"scale": "same", "least_bars": 1}


def returns(close: Any, window: int = 1) -> Any:
    return pd.Series(close).pct_change(window).to_numpy()


def filled(*changes: dict[str, float], **defaults: float) -> list[dict[str, float]]:
    return [defaults | change for change in (*changes, {})]


def each(figure: Callable[..., float], settings: list[dict[str, float]]) -> Oracle:
    """`figure` of the last `window` returns (of price and benchmark), window by window."""

    def compute(*prices: Any, window: int, **known: Any) -> list[Any]:
        series = [returns(price) for price in prices]
        out = np.full(len(prices[0]), np.nan)
        for t in range(window, len(out)):
            with np.errstate(all="ignore"):
                out[t] = figure(*(values[t - window + 1 : t + 1] for values in series), **known)
        return [out]

    return Oracle(compute, settings, **RATIO)


def falls(close: Any) -> Any:
    return close / np.maximum.accumulate(close) - 1


def durations(close: Any) -> Any:
    last, out = 0, np.zeros(len(close))
    for t, value in enumerate(close):
        last = t if value >= close[: t + 1].max() else last
        out[t] = t - last
    return out


def max_drawdown(close: Any, window: int) -> list[Any]:
    found = pd.Series(close).rolling(window).apply(lambda part: falls(part).min(), raw=True)
    return [found.to_numpy()]


def cagr(close: Any, window: int, periods: float) -> list[Any]:
    return [(1 + returns(close, window)) ** (periods / window) - 1]


def calmar(close: Any, window: int, periods: float) -> list[Any]:
    with np.errstate(all="ignore"):
        return [cagr(close, window, periods)[0] / -max_drawdown(close, window + 1)[0]]


def sharpe(r: Any, rate: float, periods: float) -> float:
    return float(np.sqrt(periods) * (r.mean() - rate / periods) / r.std(ddof=1))


def sortino(r: Any, rate: float, periods: float) -> float:
    beyond = r - rate / periods
    below = beyond[beyond < 0]
    return float(np.sqrt(periods) * beyond.mean() / np.sqrt((below**2).sum() / len(r)))


def downside_deviation(r: Any, rate: float, periods: float) -> float:
    below = np.clip(r - rate / periods, None, 0)
    return float(np.sqrt((below**2).mean() * periods))


def omega(r: Any, threshold: float) -> float:
    return float((r[r > threshold] - threshold).sum() / (threshold - r[r < threshold]).sum())


def shortfall(r: Any, fraction: float) -> float:
    return float(r[r <= np.quantile(r, fraction)].mean())


def ewma_volatility(close: Any, decay: float, periods: float) -> list[Any]:
    square = pd.Series(returns(close)) ** 2
    return [np.sqrt(periods * square.ewm(alpha=1 - decay, adjust=False).mean()).to_numpy()]


def alpha(r: Any, b: Any, periods: float) -> float:
    moved = b.max() > b.min()
    slope = np.cov(r, b, ddof=0)[0, 1] / b.var() if moved else 0.0
    return float(periods * (r.mean() - slope * b.mean()))


def correlation(r: Any, b: Any) -> float:
    return float(np.corrcoef(r, b)[0, 1]) if np.ptp(r) > 0 and np.ptp(b) > 0 else 0.0


RATED = filled(
    {"window": 3},
    {"window": 20, "rate": 0.05},
    {"window": 60, "periods": 52.0},
    window=252,
    rate=0.0,
    periods=252.0,
)
TAILS = filled({"window": 3}, {"window": 20, "fraction": 0.3}, window=252, fraction=0.05)
YEARS = filled({"window": 3}, {"window": 20, "periods": 52.0}, window=252, periods=252.0)
WINDOWS = filled({"window": 2}, {"window": 20}, window=252)
STEPS = filled({"window": 5}, window=1)

ORACLES = {
    "returns": Oracle(lambda close, window: [returns(close, window)], STEPS, **RATIO),
    "log_returns": Oracle(lambda close, window: [np.log1p(returns(close, window))], STEPS, **RATIO),
    "cumulative_returns": Oracle(lambda close: [close / close[0] - 1], [{}], **RATIO),
    "drawdown": Oracle(lambda close: [falls(close)], [{}], **RATIO),
    "drawdown_duration": Oracle(lambda close: [durations(close)], [{}], shift="same", **RATIO),
    "max_drawdown": Oracle(max_drawdown, WINDOWS, **RATIO),
    "cagr": Oracle(cagr, YEARS, **RATIO),
    "sharpe": each(sharpe, RATED),
    "sortino": each(sortino, RATED),
    "downside_deviation": each(downside_deviation, RATED),
    "calmar": Oracle(
        calmar,
        filled({"window": 3}, {"window": 20, "periods": 52.0}, window=756, periods=252.0),
        **RATIO,
    ),
    "omega": each(
        omega,
        filled({"window": 2}, {"window": 20, "threshold": 0.001}, window=252, threshold=0.0),
    ),
    "profit_factor": each(lambda r: omega(r, 0.0), WINDOWS),
    "gain_to_pain": each(lambda r: r.sum() / np.clip(-r, 0, None).sum(), WINDOWS),
    "win_rate": each(lambda r: (r > 0).mean(), WINDOWS),
    "value_at_risk": each(lambda r, fraction: np.quantile(r, fraction), TAILS),
    "expected_shortfall": each(shortfall, TAILS),
    "ewma_volatility": Oracle(
        ewma_volatility,
        filled({"decay": 0.5}, {"decay": 0.99, "periods": 52.0}, decay=0.94, periods=252.0),
        **RATIO,
    ),
    "alpha": each(alpha, YEARS),
    "tracking_error": each(lambda r, b, periods: np.sqrt(periods) * (r - b).std(ddof=1), YEARS),
    "information_ratio": each(
        lambda r, b, periods: np.sqrt(periods) * (r - b).mean() / (r - b).std(ddof=1), YEARS
    ),
    "correlation": each(correlation, filled({"window": 2}, {"window": 20}, window=60)),
}
