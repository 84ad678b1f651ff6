"""Lists of parameters: one result for every combination, labelled by it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd


def varied(parameters: Mapping[str, Any]) -> list[str]:
    """The names of the parameters that are lists (tuples, ranges, arrays).

    >>> varied({"fast": 8, "slow": [20, 30]})
    ['slow']
    """
    kinds = (list, tuple, range, np.ndarray)
    return [name for name, value in parameters.items() if isinstance(value, kinds)]


def points(parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every combination, the last list running fastest.

    >>> points({"window": [2, 3], "deviations": 2.0})
    [{'window': 2, 'deviations': 2.0}, {'window': 3, 'deviations': 2.0}]
    """
    names = varied(parameters)
    return [
        {**parameters, **dict(zip(names, values, strict=True))}
        for values in itertools.product(*(parameters[name] for name in names))
    ]


def labelled(parameters: Mapping[str, Any], results: Sequence[Any]) -> Any:
    """The results side by side: pandas with the values as outer columns, arrays stacked.

    >>> labelled({"window": [2, 3]}, [pd.Series([1.0]), pd.Series([2.0])])
    window    2    3
    0       1.0  2.0
    """
    names = varied(parameters)
    keys = [tuple(point[name] for name in names) for point in points(parameters)]
    first = results[0]
    if isinstance(first, tuple):
        return type(first)(*(np.stack(arrays) for arrays in zip(*results, strict=True)))
    if isinstance(first, np.ndarray):
        return np.stack(results)
    labels = [key[0] for key in keys] if len(names) == 1 else keys
    levels = [*names, *(first.columns.names if isinstance(first, pd.DataFrame) else [])]
    return pd.concat(results, axis=1, keys=labels, names=levels)
