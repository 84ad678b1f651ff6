"""A whole program over a panel whose rows are contiguous, without a copy of the panel.

The table is walked in strips of some bars. In each, one group of eight symbols after the other
goes through all steps, in memory that stays in the nearest cache, and its outputs are written past
the caches: every row is read and written once, in its order, while the processor fetches the next
groups. Registers are kept from strip to strip; a program of windows is given the
bars before the strip once more.
"""
# mypy: ignore-errors

from __future__ import annotations

import functools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic, register_jitable
from numpy.typing import NDArray

from workbench.indicators import language
from workbench.indicators.compiled import folder, kept_in, stamp_of
from workbench.indicators.jit import LANES, SHARED, Kernel, sources
from workbench.indicators.lanes import Column, Lanes, Mask, column_of
from workbench.indicators.moving import LARGE_BYTES, pointer_to, soon_read
from workbench.indicators.recycling import empty
from workbench.indicators.tracing import Program

BYTES = 8 * LANES
"""Of one bar of a group."""

ROWS = 24
"""Rows of memory that are read at a time, over all inputs: the processor follows no more."""

SHORTEST, LONGEST, FARTHEST = 64, 512, 128
"""Bars of a strip where bars before it are needed, and how far back a program may reach."""

AHEAD_BYTES = 160_000
"""What is fetched before it is needed, over the bars of a strip and all inputs."""

EIGHT = Lanes(LANES)
_four = ir.VectorType(ir.DoubleType(), 4)


@intrinsic
def load8(typing_context, address):
    """The eight numbers at an address."""

    def code(context, builder, sig, args):
        return builder.load(pointer_to(builder, args[0], context.get_value_type(EIGHT)), align=8)

    return signature(EIGHT, types.int64), code


@intrinsic
def store8(typing_context, address, value):
    """Put eight numbers at an address."""

    def code(context, builder, sig, args):
        place = pointer_to(builder, args[0], context.get_value_type(EIGHT))
        builder.store(args[1], place, align=8)
        return context.get_dummy_value()

    return signature(types.none, types.int64, EIGHT), code


@intrinsic
def stream8(typing_context, address, value):
    """Put eight numbers past the caches at an address that is a multiple of 32."""

    def code(context, builder, sig, args):
        once = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        target = pointer_to(builder, args[0], _four)
        for half in (0, 1):
            chosen = ir.Constant(ir.VectorType(ir.IntType(32), 4), [4 * half + n for n in range(4)])
            part = builder.shuffle_vector(args[1], args[1], chosen)
            place = builder.gep(target, [ir.Constant(ir.IntType(64), half)])
            builder.store(part, place, align=32).set_metadata("nontemporal", once)
        return context.get_dummy_value()

    return signature(types.none, types.int64, EIGHT), code


@intrinsic
def some(typing_context, mask):
    """Whether something holds for any symbol."""

    def code(context, builder, sig, args):
        bits = builder.bitcast(args[0], ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return signature(types.boolean, Mask(LANES)), code


@intrinsic
def column8(typing_context, address, size, step):
    """The column of so many bars at an address, `step` bytes from one to the next."""

    def code(context, builder, sig, args):
        return column_of(context, builder, Column(LANES), *args)

    long = types.int64
    return signature(Column(LANES), long, long, long), code


@register_jitable
def missing(source, step, bars, ahead):
    """Whether a group has a missing bar; brings it into the nearest cache, the next ones closer."""
    value = load8(source)
    found = value != value
    for _ in range(bars):
        soon_read(source + ahead)
        value = load8(source)
        found = found | (value != value)
        source += step
    return some(found)


@register_jitable
def give(source, target, step, bars, past):
    """Copy an output into its table, past the caches where that is large."""
    for _ in range(bars):
        if past:
            stream8(target, load8(source))
        else:
            store8(target, load8(source))
        source += BYTES
        target += step


@register_jitable
def warm_up(column, bars, lead):
    """How many bars from `lead` on have no value yet."""
    while lead < bars:
        value = column[lead]
        if not some(value == value):
            lead += 1
        else:
            break
    return lead


@register_jitable
def blank(column, bars):
    """No value in the first bars."""
    for t in range(bars):
        column[t] = np.nan


def source_of(program):
    """The text of the function that runs a program, and the kernels that it calls."""
    kernels, lines, numbers = [], [], 0
    lines += [f"v{value} = {_column(program, value)}" for value in range(len(program.reaches))]
    for number, step in enumerate(program.steps):
        given = [f"p[{numbers + n}]" for n in range(len(step.numbers))]
        numbers += len(step.numbers)
        if isinstance(step.does, Kernel):
            lines += _call(program, step, given, number, len(kernels))
            kernels.append(step.does)
        else:
            constants = iter(given)
            words = [f"v{n}[t]" if n is not None else next(constants) for n in step.inputs]
            lines += ["for t in range(bars):",
                      f"    v{step.outputs[0]}[t] = {step.does.format(*words)}"]  # fmt: skip
    return _frame(program, lines), kernels


def _column(program, value, lead=None):
    """The column of a value, an input's in its table, or what follows its first bars."""
    place, step = f"scratch + {value - program.inputs} * room", str(BYTES)
    if value < program.inputs:
        place, step = f"places[{value}] + offset", "step"
    if lead is None:
        return f"column8({place}, bars, {step})"
    return f"column8({place} + {lead} * {step}, bars - {lead}, {step})"


def _call(program, step, given, number, place):
    """A kernel's lines: from the first bar on that has all inputs."""
    lead, kernel, recursive = f"lead{number}", step.does, program.recursive
    lines = [f"{lead} = 0"]
    search = [f"{lead} = warm_up(v{value}, bars, {lead})" for value in step.inputs]
    if recursive:
        lines += [f"if seen[{number}, group] == 0:", *(f"    {line}" for line in search)]
    else:
        lines += search
    lines += [f"blank(v{value}, {lead})" for value in step.outputs]
    columns = {n: _column(program, n, lead) for n in (*step.inputs, *step.outputs)}
    arguments = [columns[n] for n in step.inputs] + given + [columns[n] for n in step.outputs]
    if kernel.registers:
        kept = f"registers[{number}] + group * {kernel.registers * BYTES}"
        arguments += [f"column8({kept}, {kernel.registers}, {BYTES})", f"seen[{number}, group]"]
    lines += [f"if {lead} < bars:", f"    kernel{place}({', '.join(arguments)})"]
    return [*lines, f"seen[{number}, group] += bars - {lead}"] if recursive else lines


def _frame(program, lines):
    """The loops over strips and groups around the lines for one group of one strip."""
    room, inputs = "strip + reach", range(program.inputs)
    looks = [f"gap |= missing(places[{n}] + offset, step, bars, ahead)" for n in inputs]
    given = [
        f"give(scratch + {value - program.inputs} * room + (start - begin) * {BYTES},"
        f" targets[{n}] + start * target_step + group * {BYTES}, target_step, end - start, past)"
        for n, value in enumerate(program.outputs)
    ]
    body = [
        "offset = begin * step + group * " + str(BYTES), "gap = False", *looks,
        "if gap:", "    gaps[group] = True", "    continue", *lines, *given,
    ]  # fmt: skip
    head = [
        "def run(places, step, targets, target_step, rows, first, last, strip, reach, ahead, past,",
        "        scratch, registers, seen, gaps, p):",
        f"    room = ({room}) * {BYTES}",
        "    for start in range(0, rows, strip):",
        "        begin, end = max(0, start - reach), min(rows, start + strip)",
        "        bars = end - begin",
        "        for group in range(first, last):",
        "            if gaps[group]:",
        "                continue",
    ]
    return "\n".join([*head, *("            " + line for line in body), ""])


@functools.lru_cache(maxsize=512)
def _runner(text, kernels):
    """numba's function for the text, kept on disk under all that it is made of."""
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
    while language.steps:
        register_jitable(**options)(language.steps.pop())
    names = dict(vars(language)) | {"np": np, "column8": column8, "missing": missing, "give": give,
                                    "warm_up": warm_up, "blank": blank}  # fmt: skip
    for place, kernel in enumerate(kernels):
        names[f"kernel{place}"] = register_jitable(**options)(kernel.function)
    exec(compile(text, __file__, "exec"), names)  # our own words, from `source_of`
    run = names["run"]
    made = numba.njit(run, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
    place = folder()
    if place is not None:
        files = {Path(__file__), *SHARED, *(file for k in kernels for file in sources(k.function))}
        called = ",".join(kernel.function.__qualname__ for kernel in kernels)
        run.__name__ = run.__qualname__ = "fused"
        made._cache = kept_in(place, run, stamp_of(sorted(files), text + called))
    return made


def strip_of(program: Program) -> int | None:
    """How many bars a strip has for a program; None where strips are not for it."""
    reach = program.reach
    if reach > FARTHEST or (program.recursive and reach) or min(program.outputs) < program.inputs:
        return None
    return min(LONGEST, max(SHORTEST, 4 * reach)) if reach else max(4, ROWS // program.inputs)


def run(
    program: Program,
    sources: Sequence[Any],
    targets: Sequence[Any],
    rows: int,
    groups: int,
    threads: int,
) -> NDArray[np.bool_]:
    """Fill `targets` with the outputs for the first groups; which of them have missing bars.

    Those have no result. `sources` and `targets` are places of tables in C order.
    """
    strip, inputs = strip_of(program), len(sources)
    text, kernels = source_of(program)
    made = _runner(text, tuple(kernels))
    ahead = max(2, min(16, AHEAD_BYTES // (strip * inputs * BYTES))) * BYTES
    numbers = tuple(number for step in program.steps for number in step.numbers)
    registers = [
        np.zeros((groups, max(1, getattr(step.does, "registers", 0)), LANES))
        for step in program.steps
    ]
    addresses = np.array([kept.ctypes.data for kept in registers], np.int64)
    seen = np.zeros((len(program.steps), groups), np.int64)
    gaps = np.zeros(groups, np.bool_)
    target_step = targets[0].step
    aligned = all((place.address | place.step) % 32 == 0 for place in targets)
    past = bool(aligned and rows * target_step > LARGE_BYTES)

    def part(first, last):
        scratch = empty((len(program.reaches) - inputs, strip + program.reach, LANES))
        made(
            tuple(place.address for place in sources), sources[0].step,
            tuple(place.address for place in targets), target_step,
            rows, first, last, strip, program.reach, ahead, past,
            scratch.ctypes.data, addresses, seen, gaps, numbers,
        )  # fmt: skip

    bounds = [groups * n // threads for n in range(threads + 1)]
    if threads == 1:
        part(0, groups)
    else:
        with ThreadPoolExecutor(threads, "workbench-indicators") as pool:
            list(pool.map(part, bounds, bounds[1:]))
    return gaps
