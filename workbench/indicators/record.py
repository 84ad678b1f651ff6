"""The record of an indicator, read off its signature; everything else is derived from it.

An indicator is a function over tiles of symbols (see `tiles`). Its positional-only names are the
input columns, its keyword-only names the parameters with their only defaults, annotated with what
is allowed; its return annotation names the outputs and their units. The decorator turns it into
the public function, which takes Series, frames, Bars or arrays, lists of parameters, and the
options of `options.Options`.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, Protocol, get_args, get_type_hints

import numpy as np

from workbench.errors import InputError, UnknownNameError
from workbench.indicators import grid, tables, tiles
from workbench.indicators.jit import Floats
from workbench.indicators.options import OPTIONS, Options
from workbench.shape import FIELDS

GROUPS = {
    "overlap": "Averages and bands over the price",
    "momentum": "Momentum",
    "volatility": "Volatility",
    "volume": "Volume",
    "price": "Price transforms",
    "statistics": "Statistics",
    "cycle": "Cycles",
    "performance": "Performance",
    "pattern": "Candlestick patterns",
}
"""The groups of indicators, in the order of the documentation, and their titles."""

Pane = Literal["price", "own"]
Mark = Literal["line", "bar"]


@dataclass(frozen=True)
class Allowed:
    """The range that a parameter may take, both ends included."""

    minimum: float
    maximum: float


@dataclass(frozen=True)
class Drawn:
    """The unit of an output and the mark that a chart draws it with."""

    unit: str
    mark: Mark = "line"


Window = Annotated[int, Allowed(1, 100_000)]
Price = Annotated[Floats, Drawn("price")]
Points = Annotated[Floats, Drawn("points, 0 to 100")]
PriceBars = Annotated[Floats, Drawn("price", mark="bar")]


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name, whether whole numbers only, its default and its allowed range."""

    name: str
    kind: type[int] | type[float]
    default: float
    minimum: float
    maximum: float

    def checked(self, indicator: str, value: Any) -> float:
        """`value` as a Python int or float; InputError when it is not allowed.

        >>> Parameter("window", int, 14, 2, 100).checked("rsi", 1)
        Traceback (most recent call last):
        workbench.errors.InputError: rsi: window=1 is not allowed; give a whole number, 2 to 100
        """
        whole = self.kind is int
        types = (int, np.integer) if whole else (int, float, np.integer, np.floating)
        number = isinstance(value, types) and not isinstance(value, bool)
        if not (number and math.isfinite(value) and self.minimum <= value <= self.maximum):
            raise InputError(
                f"{indicator}: {self.name}={value!r} is not allowed; give a "
                f"{'whole ' if whole else ''}number, {self.minimum} to {self.maximum}"
            )
        return self.kind(value)


@dataclass(frozen=True)
class Output:
    """An output: its label, its unit and the mark that a chart draws it with."""

    name: str
    unit: str
    mark: Mark


@dataclass(frozen=True)
class Indicator:
    """Everything that is known about an indicator.

    `pane` is "price" for an overlay on the price, "own" for a pane below it, whose axis spans
    `value_range` where that is fixed; `levels` are reference lines. `increasing` names parameters
    each of which must be less than the next. `repaints` says that new bars may change old values.
    """

    name: str
    title: str
    group: str
    inputs: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    outputs: tuple[Output, ...]
    pane: Pane
    value_range: tuple[float, float] | None
    levels: tuple[float, ...]
    increasing: tuple[str, ...]
    source: str
    warm_up: Callable[..., int]
    settling: Callable[..., int | None]
    repaints: bool
    function: Callable[..., Any]

    @property
    def of_bars(self) -> bool:
        """Whether bars are all that it needs: no benchmark, no series of periods.

        >>> from workbench.indicators import INDICATORS
        >>> INDICATORS["rsi"].of_bars
        True
        """
        return set(self.inputs) <= {*FIELDS, "session"}

    def checked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Every parameter by name: those given, checked, and the defaults of the others.

        >>> from workbench.indicators import INDICATORS
        >>> INDICATORS["macd"].checked({"fast": 8})
        {'fast': 8, 'slow': 26, 'signal': 9}
        """
        for name in parameters:
            if name not in self.parameters:
                advice = f"Pass {', '.join(self.inputs)} by position" * (name in self.inputs)
                raise UnknownNameError(f"parameter of {self.name}", name, self.parameters, advice)
        values = {
            name: parameter.checked(self.name, parameters.get(name, parameter.default))
            for name, parameter in self.parameters.items()
        }
        for lesser, greater in zip(self.increasing, self.increasing[1:], strict=False):
            if not values[lesser] < values[greater]:
                raise InputError(
                    f"{self.name}: {lesser}={values[lesser]} must be less than "
                    f"{greater}={values[greater]}"
                )
        return values

    def lookback(self, **parameters: Any) -> int:
        """How many values at the start of a gap-free column are NaN.

        >>> from workbench.indicators import INDICATORS
        >>> INDICATORS["rsi"].lookback(window=14)
        14
        """
        return self.warm_up(**self.checked(parameters))

    def stable_after(self, **parameters: Any) -> int | None:
        """After how many bars it no longer matters, to 1e-9, where the bars began; None: never.

        >>> from workbench.indicators import INDICATORS
        >>> INDICATORS["sma"].stable_after(window=20), INDICATORS["ema"].stable_after(window=20)
        (19, 227)
        """
        return self.settling(**self.checked(parameters))

    def compute(self, *given: Any, **parameters: Any) -> Any:
        """The outputs for `given`, in its shape: what the public function of that name returns.

        >>> from workbench.indicators import INDICATORS
        >>> INDICATORS["sma"].compute(np.array([1.0, 2.0, 4.0]), window=2)
        array([nan, 1.5, 3. ])
        """
        options = Options.of(self.name, {n: parameters.pop(n) for n in OPTIONS if n in parameters})
        if self.repaints and options.state is not None:
            raise InputError(f"{self.name}: new bars change its old values; it takes no state=")
        points = grid.points(parameters)
        calls = [self.checked(point) for point in points]
        columns = tables.columns(self.name, self.inputs, given)
        columns, aligned = options.coarse(self.inputs, columns)
        arrays = [
            tables.to_array(self.name, field, table)
            for field, table in zip(self.inputs, columns, strict=True)
        ]
        owner = options.owner(self.name, calls, columns[0])
        work = tiles.Work(self.function, calls, len(self.outputs), options.propagate, owner)
        results = tiles.compute(work, arrays, options.dtype, options.threads, options.state)
        shaped = [aligned(self._shaped(columns[0], result)) for result in results]
        return shaped[0] if not grid.varied(parameters) else grid.labelled(parameters, shaped)

    def _shaped(self, like: tables.Table, result: list[Floats]) -> Any:
        names = [output.name for output in self.outputs]
        shaped = tables.labelled(like, self.name, names, result)
        if not isinstance(shaped, list):
            return shaped
        return shaped[0] if len(names) == 1 else _result_type(self.function)(*shaped)


class IndicatorFunction(Protocol):
    """A public indicator: callable as its signature says, with its record attached."""

    record: Indicator
    __name__: str
    __doc__: str | None

    def __call__(self, *inputs: Any, **parameters: Any) -> Any: ...


_registered: dict[str, Indicator] = {}

INDICATORS: Mapping[str, Indicator] = MappingProxyType(_registered)
"""Name → record of every indicator."""


def indicator(
    title: str,
    *,
    group: str,
    source: str,
    warm_up: Callable[..., int],
    stable_after: Callable[..., int | None] | None = None,
    repaints: bool = False,
    pane: Pane = "own",
    value_range: tuple[float, float] | None = None,
    levels: tuple[float, ...] = (),
    increasing: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], IndicatorFunction]:
    """Register a function over tiles as an indicator and make it public.

    `warm_up` gives, for parameters by name, the number of leading NaN of a gap-free column,
    `stable_after` the number of bars after which the first ones no longer matter (1e-9): the same
    unless it is given, None for never.

    >>> from workbench.indicators import rsi
    >>> rsi.record.outputs
    (Output(name='rsi', unit='points, 0 to 100', mark='line'),)
    """

    def decorate(function: Callable[..., Any]) -> IndicatorFunction:
        name = function.__name__
        inputs, parameters = _arguments(function)
        outputs = _outputs(function)
        record = Indicator(
            name, title, group, inputs, parameters, outputs,
            pane, value_range, levels, increasing, source,
            warm_up, stable_after or warm_up, repaints, function,
        )  # fmt: skip

        @functools.wraps(function)
        def public(*given: Any, **parameters: Any) -> Any:
            return record.compute(*given, **parameters)

        public.record = record  # type: ignore[attr-defined]
        public.__signature__ = signature_of(function)  # type: ignore[attr-defined]
        if name in _registered:
            raise InputError(f"an indicator named {name!r} exists already; choose another name")
        _registered[name] = record
        return public  # type: ignore[return-value]

    return decorate


def settling(alpha: float, within: float = 1e-9) -> int:
    """After how many bars the start of an exponential average of this weight is forgotten.

    >>> settling(2 / 21)
    208
    """
    return math.ceil(math.log(within) / math.log1p(-alpha)) if alpha < 1 else 0


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """The signature that users see: inputs, parameters, options.

    >>> from workbench.indicators import sma
    >>> list(inspect.signature(sma).parameters)[:3]
    ['close', 'window', 'timeframe']
    """
    own = inspect.signature(function)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (default, kind) in OPTIONS.items()
    ]
    return own.replace(parameters=[*own.parameters.values(), *options])


def _arguments(
    function: Callable[..., Any],
) -> tuple[tuple[str, ...], Mapping[str, Parameter]]:
    hints = get_type_hints(function, include_extras=True)
    inputs: list[str] = []
    parameters: dict[str, Parameter] = {}
    for name, argument in inspect.signature(function).parameters.items():
        if argument.kind is argument.POSITIONAL_ONLY:
            inputs.append(name)
        else:
            kind, allowed = get_args(hints[name])
            limits = (allowed.minimum, allowed.maximum)
            parameters[name] = Parameter(name, kind, argument.default, *limits)
    return tuple(inputs), MappingProxyType(parameters)


@functools.cache
def _result_type(function: Callable[..., Any]) -> Any:
    return get_type_hints(function, include_extras=True)["return"]


def _outputs(function: Callable[..., Any]) -> tuple[Output, ...]:
    result = _result_type(function)
    single = not hasattr(result, "_fields")
    hints = {function.__name__: result} if single else get_type_hints(result, include_extras=True)
    drawn = {name: get_args(hint)[1] for name, hint in hints.items()}
    return tuple(Output(name, one.unit, one.mark) for name, one in drawn.items())
