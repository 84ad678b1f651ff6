"""Between a user's table and the tiles that kernels walk: compiled loops over raw memory."""
# mypy: ignore-errors

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from workbench.indicators.compiled import folder, kept_in, stamp_of

NAN = np.nan


def pointer_to(builder, address, kind):
    """An address as a pointer of LLVM."""
    return builder.inttoptr(address, kind.as_pointer())


@intrinsic
def load64(typing_context, address):
    """The float64 at an address."""

    def code(context, builder, sig, args):
        return builder.load(pointer_to(builder, args[0], ir.DoubleType()))

    return signature(types.float64, types.int64), code


@intrinsic
def load32(typing_context, address):
    """The float32 at an address, as float64."""

    def code(context, builder, sig, args):
        value = builder.load(pointer_to(builder, args[0], ir.FloatType()))
        return builder.fpext(value, ir.DoubleType())

    return signature(types.float64, types.int64), code


@intrinsic
def store64(typing_context, address, value):
    """Put a float64 at an address."""

    def code(context, builder, sig, args):
        builder.store(args[1], pointer_to(builder, args[0], ir.DoubleType()))
        return context.get_dummy_value()

    return signature(types.none, types.int64, types.float64), code


@intrinsic
def store32(typing_context, address, value):
    """Put a float64 at an address as float32."""

    def code(context, builder, sig, args):
        value = builder.fptrunc(args[1], ir.FloatType())
        builder.store(value, pointer_to(builder, args[0], ir.FloatType()))
        return context.get_dummy_value()

    return signature(types.none, types.int64, types.float64), code


def _prefetch(typing_context, address, write):
    def code(context, builder, sig, args):
        byte, word = ir.IntType(8), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), word, word, word])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        hints = [ir.Constant(word, hint) for hint in (write, 3, 1)]
        builder.call(ask, [pointer_to(builder, args[0], byte), *hints])
        return context.get_dummy_value()

    return signature(types.none, types.int64), code


@intrinsic
def soon_read(typing_context, address):
    """Tell the processor that it will read there."""
    return _prefetch(typing_context, address, 0)


@intrinsic
def soon_written(typing_context, address):
    """Tell the processor that it will write there."""
    return _prefetch(typing_context, address, 1)


@intrinsic
def stream(typing_context, address, values, place):
    """Put eight values, `place` on from the start of an array, past the cache to an address.

    The address must be a multiple of 32.
    """

    def code(context, builder, sig, args):
        four = ir.VectorType(ir.DoubleType(), 4)
        array = context.make_array(sig.args[1])(context, builder, args[1])
        source = builder.bitcast(builder.gep(array.data, [args[2]]), four.as_pointer())
        target = pointer_to(builder, args[0], four)
        once = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        for half in (0, 1):
            where = ir.Constant(ir.IntType(64), half)
            value = builder.load(builder.gep(source, [where]), align=8)
            stored = builder.store(value, builder.gep(target, [where]), align=32)
            stored.set_metadata("nontemporal", once)
        return context.get_dummy_value()

    return signature(types.none, types.int64, values, types.int64), code


LARGE_BYTES = 16 << 20
"""A result that no cache would keep anyway is written past it."""

AHEAD = 8
"""Bars between a hint to the processor and the access: rows of a wide table lie pages apart."""


def compiled(function):
    """numba's form of one of this module's loops, kept on disk like the kernels."""
    made = numba.njit(function, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
    place = folder()
    if place is not None:
        made._cache = kept_in(place, function, stamp_of([__file__]))
    return made


@compiled
def gather(address, step, stride, single, count, tile):
    """Fill a (groups, time, lanes) tile with `count` columns; whether one of them has a NaN.

    `step` and `stride` are bytes from bar to bar and from symbol to symbol. Lanes beyond `count`
    become NaN.
    """
    groups, rows, lanes = tile.shape
    missing = False
    if single:
        for group in range(groups):
            for lane in range(lanes):
                symbol = group * lanes + lane
                if symbol < count:
                    for t in range(rows):
                        value = load32(address + t * step + symbol * stride)
                        tile[group, t, lane] = value
                        missing |= value != value
    elif abs(stride) < abs(step):
        whole = count // lanes
        for t in range(rows):
            for group in range(whole):
                start = address + t * step + group * lanes * stride
                soon_read(start + AHEAD * step)
                for lane in range(lanes):
                    value = load64(start + lane * stride)
                    tile[group, t, lane] = value
                    missing |= value != value
            for symbol in range(whole * lanes, count):
                value = load64(address + t * step + symbol * stride)
                tile[whole, t, symbol - whole * lanes] = value
                missing |= value != value
    else:
        for group in range(groups):
            used = min(lanes, count - group * lanes)
            start = address + group * lanes * stride
            for t in range(rows):
                for lane in range(used):
                    value = load64(start + t * step + lane * stride)
                    tile[group, t, lane] = value
                    missing |= value != value
    for symbol in range(count, groups * lanes):
        tile[groups - 1, :, symbol - (groups - 1) * lanes] = NAN
    return missing


@compiled
def spread(tile, present):
    """The inverse of `pack`: each column's values on the bars that are present, NaN between."""
    groups, rows, lanes = tile.shape
    for group in range(groups):
        if present[group].all():
            continue
        for lane in range(lanes):
            used = 0
            for t in range(rows):
                used += present[group, t, lane]
            for t in range(rows - 1, -1, -1):
                here = present[group, t, lane]
                used -= here
                value = tile[group, used, lane]
                tile[group, t, lane] = value if here else NAN


@compiled
def scatter(tile, present, address, step, stride, single, count):
    """The first `count` columns of a tile into a table.

    Where `present` has as many bars as the tile, each column goes to the bars that are present
    and NaN to the others; else to every bar.
    """
    groups, rows, lanes = tile.shape
    by_rows = abs(stride) < abs(step) and not single
    gaps = present.size > 0
    if gaps and by_rows:
        spread(tile, present)
    if single or (gaps and not by_rows):
        for symbol in range(count):
            group, lane = symbol // lanes, symbol % lanes
            start = address + symbol * stride
            used = 0
            for t in range(rows):
                here = present[group, t, lane] if gaps else True
                value = tile[group, used, lane]
                used += here
                value = value if here else NAN
                if single:
                    store32(start + t * step, value)
                else:
                    store64(start + t * step, value)
    elif by_rows:
        whole = count // lanes
        aligned = lanes == 8 and stride == 8 and (address | step) % 32 == 0
        past = aligned and rows * step > LARGE_BYTES
        for t in range(rows):
            for group in range(whole):
                start = address + t * step + group * lanes * stride
                if past:
                    stream(start, tile, (group * rows + t) * lanes)
                    continue
                soon_written(start + AHEAD * step)
                for lane in range(lanes):
                    store64(start + lane * stride, tile[group, t, lane])
            for symbol in range(whole * lanes, count):
                value = tile[whole, t, symbol - whole * lanes]
                store64(address + t * step + symbol * stride, value)
    else:
        for group in range(groups):
            width = min(lanes, count - group * lanes)
            start = address + group * lanes * stride
            for t in range(rows):
                for lane in range(width):
                    store64(start + t * step + lane * stride, tile[group, t, lane])


@compiled
def mark(tile, present):
    """Take the missing bars of a tile out of `present`."""
    values, flags = tile.ravel(), present.ravel()
    for place in range(values.size):
        flags[place] &= values[place] == values[place]


@compiled
def pack(tile, present):
    """Move the bars that are present to the front of each column, in place; NaN after them."""
    groups, rows, lanes = tile.shape
    for group in range(groups):
        if present[group].all():
            continue
        for lane in range(lanes):
            filled = 0
            for t in range(rows):
                tile[group, filled, lane] = tile[group, t, lane]
                filled += present[group, t, lane]
            tile[group, filled:, lane] = NAN
