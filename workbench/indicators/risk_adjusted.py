"""Return for the risk taken: rolling figures of one-bar returns."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import channels, order, rates, rolling, wealth
from workbench.indicators.performance import Return, one_bar_returns
from workbench.indicators.record import Allowed, Drawn, indicator, settling
from workbench.indicators.volatility_estimators import AtLeastTwo, Periods, Volatility

Rate = Annotated[float, Allowed(-1.0, 1e3)]
Decay = Annotated[float, Allowed(0.0, 0.9999)]
Tail = Annotated[float, Allowed(0.0, 1.0)]
Ratio = Annotated[Floats, Drawn("ratio")]
Share = Annotated[Floats, Drawn("ratio, 0 to 1")]


@indicator(
    "Rolling Sharpe ratio",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window, rate, periods: window,  # noqa: ARG005
    source="William Sharpe, Journal of Portfolio Management 21:1 (1994)",
)
def sharpe(
    close: Floats, /, *, window: AtLeastTwo = 252, rate: Rate = 0.0, periods: Periods = 252.0
) -> Ratio:
    """The mean return above `rate`, a risk-free return per year, for its deviation, per year.

    Formula (William Sharpe): (mean r - `rate` / `periods`) / s · root of `periods`; r the last
    `window` one-bar returns, s their sample deviation, `periods` bars a year; infinite or NaN
    where s is 0. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> sharpe(np.array([1.0, 2.0, 2.0]), window=2, periods=2.0)
    array([nan, nan,  1.])
    """
    mean, deviation = sample_deviation(one_bar_returns(close), window)
    return math.sqrt(periods) * (mean - rate / periods) / deviation


@indicator(
    "Rolling Sortino ratio",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window, rate, periods: window,  # noqa: ARG005
    source="Frank Sortino and Robert van der Meer, Journal of Portfolio Management 17:4 (1991)",
)
def sortino(
    close: Floats, /, *, window: AtLeastTwo = 252, rate: Rate = 0.0, periods: Periods = 252.0
) -> Ratio:
    """The mean return above `rate`, a return per year, for its deviation below it, per year.

    Formula (Frank Sortino and Robert van der Meer): (mean r - m) / d · root of `periods`; m =
    `rate` / `periods`, r the last `window` one-bar returns, d the root of the mean of min(r -
    m, 0)²; infinite or NaN where d is 0. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> sortino(np.array([2.0, 1.0, 2.0]), window=2, periods=2.0)
    array([nan, nan,  1.])
    """
    beyond = one_bar_returns(close) - rate / periods
    below = np.minimum(beyond, 0.0)
    risk = np.sqrt(rolling.mean(below * below, window))
    return math.sqrt(periods) * rolling.mean(beyond, window) / risk


@indicator(
    "Downside deviation",
    group="performance",
    warm_up=lambda window, rate, periods: window,  # noqa: ARG005
    source="Frank Sortino and Robert van der Meer, Journal of Portfolio Management 17:4 (1991)",
)
def downside_deviation(
    close: Floats, /, *, window: AtLeastTwo = 252, rate: Rate = 0.0, periods: Periods = 252.0
) -> Volatility:
    """How far returns fall below `rate`, a return per year: their deviation downwards, per year.

    Formula (Frank Sortino and Robert van der Meer): root of (`periods` · mean of min(r - `rate`
    / `periods`, 0)²) over the last `window` one-bar returns r. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> downside_deviation(np.array([2.0, 1.0, 2.0]), window=2, periods=8.0)
    array([nan, nan,  1.])
    """
    below = np.minimum(one_bar_returns(close) - rate / periods, 0.0)
    return np.sqrt(periods * rolling.mean(below * below, window))


@indicator(
    "Rolling Calmar ratio",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window, periods: window,  # noqa: ARG005
    source="Terry Young, Futures 20:1 (1991)",
)
def calmar(close: Floats, /, *, window: AtLeastTwo = 756, periods: Periods = 252.0) -> Ratio:
    """The compound yearly return of the last `window` bars for their maximum drawdown.

    Formula (Terry Young): ((x[t] / x[t - window]) ^ (`periods` / `window`) - 1) / worst fall
    from a price to a later one since x[t - window]; infinite or NaN where there was none.
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> calmar(np.array([2.0, 1.0, 3.0]), window=2, periods=2.0)
    array([nan, nan,  1.])
    """
    growth = np.log(rates.multiple(close, window, 1.0))
    yearly = np.exp(periods / window * growth) - 1.0
    return yearly / -wealth.deepest_fall(close, window + 1)


@indicator(
    "Omega ratio",
    group="performance",
    levels=(1.0,),
    warm_up=lambda window, threshold: window,  # noqa: ARG005
    source="Con Keating and William Shadwick, Journal of Performance Measurement 6:3 (2002)",
)
def omega(close: Floats, /, *, window: AtLeastTwo = 252, threshold: Rate = 0.0) -> Ratio:
    """What returns were above `threshold`, a return per bar, for what they were below it.

    Formula (Con Keating and William Shadwick): sum of max(r - `threshold`, 0) / sum of
    max(`threshold` - r, 0) over the last `window` one-bar returns r; infinite or NaN where none
    was below. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> omega(np.array([2.0, 1.0, 2.0]), window=2)
    array([nan, nan,  2.])
    """
    gains, losses = _gains_and_losses(close, window, threshold)
    return gains / losses


@indicator(
    "Profit factor",
    group="performance",
    levels=(1.0,),
    warm_up=lambda window: window,
    source="Jack Schwager, Hedge Fund Market Wizards (2012)",
)
def profit_factor(close: Floats, /, *, window: AtLeastTwo = 252) -> Ratio:
    """The sum of the gains of the last `window` bars for that of their losses.

    Formula (Jack Schwager): sum of max(r, 0) / sum of max(-r, 0) over the last `window` one-bar
    returns r; infinite or NaN where there was no loss. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> profit_factor(np.array([2.0, 1.0, 2.0]), window=2)
    array([nan, nan,  2.])
    """
    gains, losses = _gains_and_losses(close, window, 0.0)
    return gains / losses


@indicator(
    "Gain to pain ratio",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window: window,
    source="Jack Schwager, Hedge Fund Market Wizards (2012)",
)
def gain_to_pain(close: Floats, /, *, window: AtLeastTwo = 252) -> Ratio:
    """The sum of the returns of the last `window` bars for that of their losses.

    Formula (Jack Schwager): sum of r / sum of max(-r, 0) over the last `window` one-bar returns
    r; infinite or NaN where there was no loss. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> gain_to_pain(np.array([2.0, 1.0, 2.0]), window=2)
    array([nan, nan,  1.])
    """
    gains, losses = _gains_and_losses(close, window, 0.0)
    return (gains - losses) / losses


@indicator(
    "Win rate",
    group="performance",
    value_range=(0.0, 1.0),
    levels=(0.5,),
    warm_up=lambda window: window,
    source="Carl Bacon, Practical Portfolio Performance Measurement and Attribution (2008)",
)
def win_rate(close: Floats, /, *, window: AtLeastTwo = 252) -> Share:
    """The share of the last `window` bars that gained, from 0 to 1.

    Formula (Carl Bacon): count of r > 0 / `window` over the last `window` one-bar returns r.
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> win_rate(np.array([2.0, 1.0, 2.0]), window=2)
    array([nan, nan, 0.5])
    """
    share: Floats = rolling.mean(wealth.risen(one_bar_returns(close)), window)
    return share


@indicator(
    "Value at risk",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window, fraction: window,  # noqa: ARG005
    source="Philippe Jorion, Value at Risk (2006), historical simulation",
)
def value_at_risk(close: Floats, /, *, window: AtLeastTwo = 252, fraction: Tail = 0.05) -> Return:
    """The one-bar return that a `fraction` of the last `window` ones do not exceed: mostly a loss.

    Formula (Philippe Jorion): the `fraction` quantile (linear) of the last `window` one-bar
    returns. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> value_at_risk(np.array([2.0, 1.0, 2.0]), window=2, fraction=0.0)
    array([ nan,  nan, -0.5])
    """
    limit: Floats = order.quantile(one_bar_returns(close), window, fraction)
    return limit


@indicator(
    "Expected shortfall",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window, fraction: window,  # noqa: ARG005
    source="Carlo Acerbi and Dirk Tasche, Journal of Banking and Finance 26:7 (2002)",
)
def expected_shortfall(
    close: Floats, /, *, window: AtLeastTwo = 252, fraction: Tail = 0.05
) -> Return:
    """The mean of the one-bar returns that are not above the value at risk: a loss as a rule.

    Formula (Carlo Acerbi and Dirk Tasche): mean of those of the last `window` one-bar returns
    that do not exceed their `fraction` quantile. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> expected_shortfall(np.array([2.0, 1.0, 2.0]), window=2, fraction=1.0)
    array([ nan,  nan, 0.25])
    """
    loss: Floats = wealth.tail_mean(one_bar_returns(close), window, fraction)
    return loss


@indicator(
    "Exponentially weighted volatility",
    group="performance",
    warm_up=lambda decay, periods: 1,  # noqa: ARG005
    stable_after=lambda decay, periods: 2 + settling(1.0 - decay) if decay else 2,  # noqa: ARG005
    source="J.P. Morgan and Reuters, RiskMetrics Technical Document (1996)",
)
def ewma_volatility(
    close: Floats, /, *, decay: Decay = 0.94, periods: Periods = 252.0
) -> Volatility:
    """The volatility per year in which a bar counts `decay` times as much as the next.

    Formula (J.P. Morgan and Reuters): root of (`periods` · v); v = `decay` · v + (1 - `decay`)
    · r² for each one-bar return r, beginning with the first r². Warm-up: 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> ewma_volatility(np.array([2.0, 1.0, 2.0]), decay=0.0, periods=4.0)
    array([nan,  1.,  2.])
    """
    risk: Floats = math.sqrt(periods) * wealth.fading_root(one_bar_returns(close), decay)
    return risk


def sample_deviation(values: Floats, window: int) -> tuple[Floats, Floats]:
    """The mean and the sample standard deviation of the last `window` values."""
    mean, deviation = channels.moments(values, window)
    return mean, math.sqrt(window / (window - 1)) * deviation


def _gains_and_losses(close: Floats, window: int, limit: float) -> tuple[Floats, Floats]:
    """The mean of what returns were above the limit, and of what they were below it."""
    beyond = one_bar_returns(close) - limit
    gains, losses = np.maximum(beyond, 0.0), np.maximum(-beyond, 0.0)
    return rolling.mean(gains, window), rolling.mean(losses, window)
