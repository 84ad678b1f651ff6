"""What numba must know to compile kernels for eight symbols at once: vectors, masks, columns."""
# mypy: ignore-errors

from __future__ import annotations

import operator

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import impl_ret_new_ref
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, lower_cast, models, register_model
from numba.np import arrayobj

from workbench.indicators import language

DOUBLE, LONG, BIT = ir.DoubleType(), ir.IntType(64), ir.IntType(1)
DOUBLE_BYTES = 8


class Lanes(types.Type):
    """A value of several symbols; a number becomes one by repetition."""

    def __init__(self, count):
        self.count = count
        super().__init__(f"Lanes({count})")

    def can_convert_from(self, typing_context, other):
        return Conversion.promote if isinstance(other, types.Number) else None

    def unify(self, typing_context, other):
        return self if isinstance(other, types.Number) else None


class Mask(types.Type):
    """Whether something holds, for each of several symbols."""

    def __init__(self, count):
        self.count = count
        super().__init__(f"Mask({count})")


class Column(types.Type):
    """The bars of one series (`count` 1) or of several side by side: `column[t]` is one value."""

    def __init__(self, count):
        self.count = count
        super().__init__(f"Column({count})")

    @property
    def value(self):
        return types.float64 if self.count == 1 else Lanes(self.count)


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """A vector of LLVM."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.VectorType(DOUBLE, kind.count))


@register_model(Mask)
class MaskModel(models.PrimitiveModel):
    """A vector of bits."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.VectorType(BIT, kind.count))


@register_model(Column)
class ColumnModel(models.StructModel):
    """Where it begins, how many bars it has, and the bytes from one to the next."""

    def __init__(self, manager, kind):
        members = [(name, types.int64) for name in ("address", "size", "step")]
        super().__init__(manager, kind, members)


@lower_cast(types.Number, Lanes)
def _repeated(context, builder, source, target, value):
    number = context.cast(builder, value, source, types.float64)
    empty = ir.Constant(ir.VectorType(DOUBLE, target.count), ir.Undefined)
    first = builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), target.count), [0] * target.count)
    return builder.shuffle_vector(first, first, zeros)


def _lanes_of(arguments):
    """The vector type among arguments of which at least one is a vector, the others numbers."""
    found = [kind for kind in arguments if isinstance(kind, Lanes)]
    fits = all(isinstance(kind, Lanes | types.Number) for kind in arguments)
    return found[0] if found and fits else None


def _define(function, typing, lowering, *kinds):
    """Teach numba `function`: `typing` gives the signature or None, `lowering` the code."""

    class Template(AbstractTemplate):
        def generic(self, args, kws):
            return typing(*args)

    infer_global(function)(Template)
    for kind in kinds:
        lower_builtin(function, *kind)(lowering)


def _arithmetic(function, instruction):
    def typing(*args):
        kind = _lanes_of(args)
        return None if kind is None or len(args) != 2 else signature(kind, kind, kind)

    def lowering(context, builder, sig, args):
        return getattr(builder, instruction)(*args)

    _define(function, typing, lowering, (Lanes, Lanes))


def _comparison(function, sign):
    def typing(*args):
        kind = _lanes_of(args)
        return None if kind is None else signature(Mask(kind.count), kind, kind)

    def lowering(context, builder, sig, args):
        compare = builder.fcmp_unordered if sign == "!=" else builder.fcmp_ordered
        return compare(sign, *args)

    _define(function, typing, lowering, (Lanes, Lanes))


def _logic(function, instruction):
    def typing(*args):
        masks = all(isinstance(kind, Mask) for kind in args)
        return signature(args[0], *args) if masks else None

    def lowering(context, builder, sig, args):
        return getattr(builder, instruction)(*args)

    _define(function, typing, lowering, (Mask, Mask), (Mask,))


for _word, _instruction in (("add", "fadd"), ("sub", "fsub"), ("mul", "fmul"), ("truediv", "fdiv")):
    _arithmetic(getattr(operator, _word), _instruction)
    _arithmetic(getattr(operator, f"i{_word}"), _instruction)
for _word in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="), ("eq", "=="), ("ne", "!=")):
    _comparison(getattr(operator, _word[0]), _word[1])
for _word in ("and_", "or_", "xor"):
    _logic(getattr(operator, _word), _word)
_logic(operator.invert, "not_")


def _negative(*args):
    return signature(args[0], args[0]) if isinstance(args[0], Lanes) else None


_define(
    operator.neg, _negative, lambda context, builder, sig, args: builder.fneg(args[0]), (Lanes,)
)


# The words of the language.


def _of_numbers(*args):
    """All arguments as vectors if one is one, else as floats."""
    kind = _lanes_of(args) or types.float64
    return signature(kind, *[kind] * len(args))


def _chosen(condition, chosen, other):
    kind = _lanes_of((chosen, other)) or types.float64
    if isinstance(condition, Mask):
        kind = Lanes(condition.count)
    elif kind is not types.float64:
        return signature(kind, types.boolean, kind, kind)
    return signature(kind, condition, kind, kind)


def _select(context, builder, sig, args):
    return builder.select(*args)


_define(language.where, _chosen, _select, (Mask, Lanes, Lanes), (types.Boolean, Lanes, Lanes),
        (types.Boolean, types.Float, types.Float))  # fmt: skip


def _extremum(function, sign):
    def lowering(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered(sign, *args), *args)

    _define(function, _of_numbers, lowering, (Lanes, Lanes), (types.Float, types.Float))


_extremum(language.maximum, ">")
_extremum(language.minimum, "<")


def _elementary(function, name, count):
    """A function that LLVM has for numbers and vectors alike."""

    def lowering(context, builder, sig, args):
        kind = args[0].type
        suffix = f"v{kind.count}f64" if isinstance(kind, ir.VectorType) else "f64"
        of_llvm = ir.FunctionType(kind, [kind] * count)
        module = builder.module
        target = cgutils.get_or_insert_function(module, of_llvm, f"llvm.{name}.{suffix}")
        return builder.call(target, args)

    _define(function, _of_numbers, lowering, (Lanes,) * count, (types.Float,) * count)


_elementary(language.absolute, "fabs", 1)
for _word in ("sqrt", "exp", "log", "floor", "sin", "cos", "atan"):
    _elementary(getattr(language, _word), _word, 1)
_elementary(language.fused, "fma", 3)


# Columns.


def _place(context, builder, kind, column, index):
    """A pointer to the value at `index`."""
    pointer = context.get_value_type(kind.value).as_pointer()
    fields = cgutils.create_struct_proxy(kind)(context, builder, column)
    if isinstance(kind, Room):
        array = context.make_array(FLOATS)(context, builder, fields.array)
        return builder.gep(builder.bitcast(array.data, pointer), [index])
    offset = builder.mul(index, fields.step)
    return builder.inttoptr(builder.add(fields.address, offset), pointer)


def _item(column, index):
    fits = isinstance(column, Column | Room) and isinstance(index, types.Integer)
    return signature(column.value, column, types.int64) if fits else None


def _load(context, builder, sig, args):
    return builder.load(_place(context, builder, sig.args[0], *args), align=DOUBLE_BYTES)


def _item_set(column, index, value):
    fits = isinstance(column, Column | Room) and isinstance(index, types.Integer)
    return signature(types.none, column, types.int64, column.value) if fits else None


def _store(context, builder, sig, args):
    column, index, value = args
    where = _place(context, builder, sig.args[0], column, index)
    builder.store(value, where, align=DOUBLE_BYTES)
    return context.get_dummy_value()


def _length(*args):
    return signature(types.int64, args[0]) if isinstance(args[0], Column) else None


def _size(context, builder, sig, args):
    return cgutils.create_struct_proxy(sig.args[0])(context, builder, args[0]).size


_define(len, _length, _size, (Column,))


def column_of(context, builder, kind, address, size, step=None):
    """A column in memory; its bars follow one another unless there is a `step` in bytes."""
    made = cgutils.create_struct_proxy(kind)(context, builder)
    made.address, made.size = address, size
    made.step = step or ir.Constant(LONG, DOUBLE_BYTES * kind.count)
    return made._getvalue()


@intrinsic(prefer_literal=True)
def columns(typing_context, arguments, first, count, group, rows, lead, lanes):
    """`count` of the (groups, rows, lanes) arrays in `arguments`, from the place `first` on.

    Each as the column of a group, from its row `lead` on.
    """
    kind = Column(lanes.literal_value)
    size = DOUBLE_BYTES * kind.count
    start, end = first.literal_value, first.literal_value + count.literal_value

    def code(context, builder, sig, args):
        given, _, _, group_, rows_, lead_, _ = args
        row = builder.add(builder.mul(group_, rows_), lead_)
        offset = builder.mul(row, ir.Constant(LONG, size))
        made = []
        for place in range(start, end):
            array = context.make_array(sig.args[0][place])
            data = array(context, builder, builder.extract_value(given, place)).data
            address = builder.add(builder.ptrtoint(data, LONG), offset)
            made.append(column_of(context, builder, kind, address, builder.sub(rows_, lead_)))
        return context.make_tuple(builder, sig.return_type, made)

    result = types.UniTuple(kind, end - start)
    long = types.int64
    return signature(result, arguments, first, count, long, long, long, lanes), code


@intrinsic(prefer_literal=True)
def part(typing_context, arguments, first, count):
    """`count` of the `arguments`, from the place `first` on."""
    start, end = first.literal_value, first.literal_value + count.literal_value
    result = types.BaseTuple.from_types(list(arguments)[start:end])

    def code(context, builder, sig, args):
        kept = [builder.extract_value(args[0], place) for place in range(start, end)]
        return context.make_tuple(builder, sig.return_type, kept)

    return signature(result, arguments, first, count), code


@intrinsic
def missing(typing_context, value):
    """Whether a value is NaN, for all symbols of a vector."""

    def code(context, builder, sig, args):
        nan = builder.fcmp_unordered("uno", args[0], args[0])
        if not isinstance(nan.type, ir.VectorType):
            return nan
        bits = builder.bitcast(nan, ir.IntType(nan.type.count))
        return builder.icmp_unsigned("==", bits, ir.Constant(bits.type, -1))

    return signature(types.boolean, value), code


# Room: a column that a kernel owns; numba gives its memory back when the kernel returns.


class Room(types.Type):
    """Room for values of `count` symbols."""

    def __init__(self, count):
        self.count = count
        super().__init__(f"Room({count})")

    value = Column.value


FLOATS = types.Array(types.float64, 1, "C")


@register_model(Room)
class RoomModel(models.StructModel):
    """An array of numba, which counts who holds it."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, [("array", FLOATS)])


def _room(column, size):
    fits = isinstance(column, Column) and isinstance(size, types.Integer)
    return signature(Room(column.count), column, types.int64) if fits else None


def _allocate(context, builder, sig, args):
    kind = sig.return_type
    size = builder.mul(args[1], ir.Constant(LONG, kind.count))
    made = cgutils.create_struct_proxy(kind)(context, builder)
    made.array = arrayobj._empty_nd_impl(context, builder, FLOATS, [size])._getvalue()
    return impl_ret_new_ref(context, builder, kind, made._getvalue())


_define(language.workspace, _room, _allocate, (Column, types.Integer))
_define(operator.getitem, _item, _load, (Column, types.Integer), (Room, types.Integer))
_define(operator.setitem, _item_set, _store, *(
    (kind, types.Integer, value) for kind in (Column, Room) for value in (Lanes, types.Float)
))  # fmt: skip
