"""The words that kernels are written in: plain functions, which the compiler knows as well.

A kernel is a loop over the bars of one column. It is compiled twice: for one series, where a
value is a float, and for eight symbols at once, where a value is a vector of eight floats. So it
compares with `where`, `maximum` and `minimum`; an `if` may ask for counts, never for prices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

NAN = math.nan

steps: list[Callable[..., Any]] = []
"""The functions that kernels may call beside the words below."""


def step(function: F) -> F:
    """A function that kernels share; it stands in `kernels/steps.py` or in the kernel's module."""
    steps.append(function)
    return function


def where(condition: Any, chosen: Any, other: Any) -> Any:
    """`chosen` where `condition` holds, else `other`; both are computed.

    >>> where(2.0 > 1.0, 5.0, 6.0)
    5.0
    """
    return chosen if condition else other


def maximum(first: Any, second: Any) -> Any:
    """The greater one; `second` where one is NaN.

    >>> maximum(1.0, 2.0)
    2.0
    """
    return first if first > second else second


def minimum(first: Any, second: Any) -> Any:
    """The lesser one; `second` where one is NaN.

    >>> minimum(1.0, 2.0)
    1.0
    """
    return first if first < second else second


def fused(factor: Any, term: Any, rest: Any) -> Any:
    """`factor * term + rest`, rounded once where it is compiled.

    >>> fused(2.0, 3.0, 1.0)
    7.0
    """
    return factor * term + rest


def absolute(value: Any) -> Any:
    """Without the sign.

    >>> absolute(-2.0)
    2.0
    """
    return abs(value)


def sqrt(value: Any) -> Any:
    """The square root; NaN below zero.

    >>> sqrt(9.0)
    3.0
    """
    return math.sqrt(value) if value >= 0 else NAN


def exp(value: Any) -> Any:
    """e to the power of `value`.

    >>> exp(0.0)
    1.0
    """
    return math.exp(value)


def log(value: Any) -> Any:
    """The natural logarithm; NaN below zero.

    >>> log(1.0)
    0.0
    """
    return math.log(value) if value > 0 else (-math.inf if value == 0 else NAN)


def floor(value: Any) -> Any:
    """The greatest whole number that is not above.

    >>> floor(2.7)
    2.0
    """
    return float(math.floor(value))


def sin(value: Any) -> Any:
    """The sine of an angle in radians.

    >>> sin(0.0)
    0.0
    """
    return math.sin(value)


def cos(value: Any) -> Any:
    """The cosine of an angle in radians.

    >>> cos(0.0)
    1.0
    """
    return math.cos(value)


def atan(value: Any) -> Any:
    """The angle in radians whose tangent is `value`.

    >>> atan(0.0)
    0.0
    """
    return math.atan(value)


def workspace(like: Any, size: int) -> Any:  # noqa: ARG001
    """Room for `size` values of the kind that the column `like` holds; not yet set to anything.

    >>> workspace([1.0, 2.0], 3)
    [0.0, 0.0, 0.0]
    """
    return [0.0] * size
