"""The rounding of rolling figures, against exact arithmetic.

Prices far from 0, and prices after a spike that has left the window: means are right to 1e-14,
deviations and what is made of them to 1e-12, in both forms of the kernels.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import workbench.indicators as ta

BARS, SPIKE = 260, 100
UNIT = 2**70
"""Every price of these tests is a whole multiple of 1 / UNIT."""

TROUBLES = ["offset", "spike", "spike above an offset"]
WINDOWS = [4, 7, 20, 63]


def prices(trouble: str, seed: int) -> np.ndarray:
    level = 100.0 if trouble == "spike" else 1e9
    values = level + np.random.default_rng(seed).normal(0, 1, BARS)
    if "spike" in trouble:
        values[SPIKE] = 1e12
    return values


def root(square: Fraction) -> float:
    """Right to the last bits, whatever the size."""
    shift = 2 ** max(0, 140 - 2 * (square.numerator.bit_length() // 2))
    whole = square.numerator * shift * shift * square.denominator
    return math.isqrt(whole) / (shift * square.denominator)


@dataclass(frozen=True)
class Window:
    """The exact values of two series, in units."""

    values: list[int]
    others: list[int]

    @functools.cached_property
    def heights(self) -> list[int]:
        """n times the distances of the values from their mean."""
        total, count = sum(self.values), len(self.values)
        return [count * value - total for value in self.values]

    @functools.cached_property
    def other_heights(self) -> list[int]:
        total, count = sum(self.others), len(self.others)
        return [count * value - total for value in self.others]

    @functools.cached_property
    def slope(self) -> Fraction:
        count = len(self.values)
        moment = sum((2 * i - count + 1) * value for i, value in enumerate(self.values))
        return Fraction(6 * moment, count * (count * count - 1))

    @property
    def count(self) -> int:
        return len(self.values)

    def mean(self) -> Fraction:
        return Fraction(sum(self.values), self.count * UNIT)

    def weighted(self) -> Fraction:
        total = sum((i + 1) * value for i, value in enumerate(self.values))
        return Fraction(2 * total, self.count * (self.count + 1) * UNIT)

    def at(self, bar: float) -> Fraction:
        """The line by least squares."""
        middle = Fraction(self.count - 1, 2)
        return self.mean() + self.slope / UNIT * (Fraction(bar) - middle)

    def moment(self, power: int) -> Fraction:
        total = sum(height**power for height in self.heights)
        return Fraction(total, self.count ** (power + 1) * UNIT**power)

    def deviation(self) -> float:
        return root(self.moment(2))

    def other_deviation(self) -> float:
        return Window(self.others, self.values).deviation()

    def covariance(self) -> Fraction:
        pairs = zip(self.heights, self.other_heights, strict=True)
        return Fraction(sum(a * b for a, b in pairs), self.count**3 * UNIT**2)

    def correlation(self) -> float:
        return float(self.covariance()) / (self.deviation() * self.other_deviation())

    def mean_distance(self) -> Fraction:
        return Fraction(sum(map(abs, self.heights)), self.count**2 * UNIT)

    def error(self) -> float:
        """The standard error of the line."""
        middle = Fraction(self.count - 1, 2)
        distances = [
            Fraction(height, self.count) - self.slope * (i - middle)
            for i, height in enumerate(self.heights)
        ]
        return root(sum(d * d for d in distances) / (UNIT * UNIT * (self.count - 2)))

    def score(self) -> float:
        return float(Fraction(self.heights[-1], self.count * UNIT)) / self.deviation()

    def shape(self, power: int) -> float:
        return float(self.moment(power)) / self.deviation() ** power

    def skew(self) -> float:
        n = self.count
        return math.sqrt(n * (n - 1)) / (n - 2) * self.shape(3)

    def kurtosis(self) -> float:
        n = self.count
        return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * self.shape(4) - 3 * (n - 1))

    def straightness(self) -> float:
        n = self.count
        return float(self.slope**2 * Fraction(n * n - 1, 12) / (self.moment(2) * UNIT**2))

    def greatest(self) -> float:
        return max(map(abs, self.values)) / UNIT


@functools.cache
def windows(trouble: str, size: int) -> list[Window]:
    exact = [[int(Fraction(v) * UNIT) for v in prices(trouble, seed)] for seed in (0, 1)]
    ends = range(size, BARS + 1)
    return [Window(*(values[end - size : end] for values in exact)) for end in ends]


def computed(
    function: Any, trouble: str, inputs: int, **parameters: Any
) -> Iterator[tuple[str, np.ndarray]]:
    """What comes of one series, and of the last symbol of nine."""
    series = [prices(trouble, seed) for seed in range(inputs)]
    yield "series", function(*series, **parameters)
    panels = [np.repeat(values[:, None], 9, axis=1) for values in series]
    for panel in panels:
        panel[:, :8] += 1.0
    yield "panel", function(*panels, **parameters)[:, 8]


def one(_: Window) -> float:
    return 1.0


def own(expected: Callable[[Window], Any]) -> Callable[[Window], float]:
    return lambda window: abs(float(expected(window)))


MEAN, DEVIATION = 1e-14, 1e-12
Figure = Callable[[Window], Any]
CASES: dict[str, tuple[Any, int, Figure, float, Figure]] = {
    "sma": (ta.sma, 1, Window.mean, MEAN, own(Window.mean)),
    "wma": (ta.wma, 1, Window.weighted, MEAN, own(Window.weighted)),
    "rolling_sum": (
        ta.rolling_sum, 1, lambda w: w.mean() * w.count, MEAN, lambda w: w.mean() * w.count,
    ),
    "middle band": (
        lambda close, window: ta.bbands(close, window=window).middle, 1,
        Window.mean, MEAN, own(Window.mean),
    ),
    "linearreg": (ta.linearreg, 1, lambda w: w.at(w.count - 1), MEAN, Window.greatest),
    "tsf": (ta.tsf, 1, lambda w: w.at(w.count), MEAN, Window.greatest),
    "linearreg_intercept": (ta.linearreg_intercept, 1, lambda w: w.at(0), MEAN, Window.greatest),
    "stddev": (ta.stddev, 1, Window.deviation, DEVIATION, own(Window.deviation)),
    "var": (ta.var, 1, lambda w: w.moment(2), DEVIATION, lambda w: w.moment(2)),
    "avgdev": (ta.avgdev, 1, Window.mean_distance, DEVIATION, own(Window.mean_distance)),
    "zscore": (ta.zscore, 1, Window.score, DEVIATION, one),
    "linearreg_slope": (
        ta.linearreg_slope, 1, lambda w: w.slope / UNIT, DEVIATION,
        lambda w: w.deviation() / w.count,
    ),
    "standard_error": (ta.standard_error, 1, Window.error, DEVIATION, Window.deviation),
    "r_squared": (ta.r_squared, 1, Window.straightness, DEVIATION, one),
    "skew": (ta.skew, 1, Window.skew, DEVIATION, lambda w: max(1.0, abs(w.skew()))),
    "kurtosis": (ta.kurtosis, 1, Window.kurtosis, DEVIATION, lambda w: w.count),
    "correl": (ta.correl, 2, Window.correlation, DEVIATION, one),
    "covariance": (
        ta.covariance, 2, lambda w: w.covariance() * Fraction(w.count, w.count - 1), DEVIATION,
        lambda w: w.deviation() * w.other_deviation(),
    ),
}  # fmt: skip
"""Name → the indicator, its inputs, what is exact, the error allowed, and of what size."""


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_error_is_that_of_rounding(trouble: str, name: str) -> None:
    function, inputs, exact, allowed, size = CASES[name]
    for window in WINDOWS:
        known = windows(trouble, window)
        expected = np.array([float(exact(one)) for one in known])
        limit = allowed * np.array([float(size(one)) for one in known])
        for form, output in computed(function, trouble, inputs, window=window):
            error = np.abs(output[window - 1 :] - expected)
            worst = int(np.argmax(error / limit))
            assert (error <= limit).all(), (form, window, worst, error[worst] / limit[worst])


@pytest.mark.parametrize("name", ["stddev", "var", "avgdev", "standard_error", "mad"])
@pytest.mark.parametrize("window", [3, 20])
@pytest.mark.parametrize("value", [0.1, 1e9 + 0.1])
def test_what_stands_still_has_no_deviation(name: str, value: float, window: int) -> None:
    close = np.full(90, value)
    close[:20] += np.arange(20)
    for table in (close, np.repeat(close[:, None], 9, axis=1)):
        assert (getattr(ta, name)(table, window=window)[20 + window - 1 :] == 0.0).all()
