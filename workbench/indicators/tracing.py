"""What an indicator does with its tiles, found by running it once on tiles that take notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from workbench.indicators.jit import LANES, Kernel, current

WORDS: Mapping[Any, str] = {
    np.add: "{} + {}",
    np.subtract: "{} - {}",
    np.multiply: "{} * {}",
    np.divide: "{} / {}",
    np.negative: "-{}",
    np.absolute: "absolute({})",
    np.maximum: "where(({0} > {1}) | ({0} != {0}), {0}, {1})",
    np.minimum: "where(({0} < {1}) | ({0} != {0}), {0}, {1})",
    np.sqrt: "sqrt({})",
    np.log: "log({})",
    np.exp: "exp({})",
}
"""numpy's functions in the words of kernels; extrema are NaN where a value is, like numpy's."""


class Step(NamedTuple):
    """One thing that is done: a kernel or a word, from values and numbers to further values.

    Values are known by their number, the inputs being the first ones.
    """

    does: Kernel | str
    inputs: tuple[int | None, ...]
    numbers: tuple[float, ...]
    outputs: tuple[int, ...]


@dataclass
class Program:
    """The steps of an indicator at some parameters, in their order, and what comes out."""

    inputs: int
    steps: list[Step] = field(default_factory=list)
    outputs: tuple[int, ...] = ()
    reaches: list[int] = field(default_factory=list)
    """Of each value, how many bars before its own it is made of, registers aside."""

    @property
    def reach(self) -> int:
        """How many bars before its own an output is made of."""
        return max(self.reaches[value] for value in self.outputs)

    @property
    def recursive(self) -> bool:
        """Whether some kernel carries registers from bar to bar."""
        return any(isinstance(step.does, Kernel) and step.does.registers for step in self.steps)

    def add(
        self,
        does: Kernel | str,
        inputs: tuple[int | None, ...],
        numbers: Sequence[float],
        made: int,
    ) -> tuple[int, ...]:
        """Note a step that makes so many values, unless it was done before; their numbers."""
        for step in self.steps:
            if step[:3] == (does, inputs, tuple(numbers)):
                return step.outputs
        reach = max((self.reaches[value] for value in inputs if value is not None), default=0)
        if isinstance(does, Kernel) and not does.registers:
            reach += does.reach(*numbers)
        outputs = tuple(range(len(self.reaches), len(self.reaches) + made))
        self.reaches += [reach] * made
        self.steps.append(Step(does, inputs, tuple(numbers), outputs))
        return outputs


class Traced(np.ndarray[Any, Any]):
    """A tile without values, whose use is noted."""

    program: Program
    number: int

    @classmethod
    def of(cls, program: Program, number: int) -> Traced:
        """The value of that number."""
        made = np.broadcast_to(np.float64(np.nan), (1, 1, LANES)).view(cls)
        made.program, made.number = program, number
        return made

    def __array_ufunc__(self, ufunc: Any, method: str, *given: Any, **options: Any) -> Any:
        if method != "__call__" or options or ufunc not in WORDS:
            raise _UntraceableError
        numbers = [float(value) for value in given if not isinstance(value, Traced)]
        inputs = tuple(value.number if isinstance(value, Traced) else None for value in given)
        (number,) = self.program.add(WORDS[ufunc], inputs, numbers, 1)
        return Traced.of(self.program, number)

    def __array_function__(self, *given: Any) -> Any:
        raise _UntraceableError

    def __getitem__(self, key: Any) -> Any:
        raise _UntraceableError

    __setitem__ = __getitem__  # type: ignore[assignment]


class _UntraceableError(Exception):
    """Something was done with a tile that no program has a step for."""


@dataclass
class _Notes:
    """In the place of a state's slots: notes kernels instead of running them."""

    program: Program

    def run(self, kernel: Kernel, inputs: Sequence[Any], numbers: Sequence[float]) -> Any:
        if not kernel.lanes or not all(isinstance(value, Traced) for value in inputs):
            raise _UntraceableError
        places = tuple(value.number for value in inputs)
        made = self.program.add(kernel, places, numbers, kernel.outputs)
        return tuple(Traced.of(self.program, number) for number in made)


def traced(function: Callable[..., Any], inputs: int, call: Mapping[str, Any]) -> Program | None:
    """The program of a function over tiles; None where it does more than a program can say.

    >>> from workbench.indicators import INDICATORS
    >>> program = traced(INDICATORS["natr"].function, 3, {"window": 14})
    >>> [step.does for step in program.steps]
    [<kernel natr>]
    """
    program = Program(inputs, reaches=[0] * inputs)
    outer, current.slots = current.slots, _Notes(program)
    try:
        made = function(*(Traced.of(program, number) for number in range(inputs)), **call)
        outputs = made if isinstance(made, tuple) else (made,)
        if not all(isinstance(value, Traced) for value in outputs):
            return None
        program.outputs = tuple(value.number for value in outputs)
    except (_UntraceableError, TypeError, ValueError):
        return None
    finally:
        current.slots = outer
    return program
