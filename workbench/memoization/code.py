"""What a code object is made of, and the names by which it reaches out of itself."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}


class Reach(NamedTuple):
    """What a function and the functions inside it look up while they run.

    `names` are globals, `imports` the modules that it imports itself (name, level), `attributes`
    all names that may be looked up on a module.

    >>> Reach(("np",), (("math", 0),), frozenset({"log"})).imports
    (('math', 0),)
    """

    names: tuple[str, ...]
    imports: tuple[tuple[str, int], ...]
    attributes: frozenset[str]


@lru_cache(maxsize=4096)
def reach(code: CodeType) -> Reach:
    """The names that `code` and the code inside it look up.

    >>> reach((lambda bars: np.log(bars["close"])).__code__).names
    ('np',)
    """
    names: set[str] = set()
    imports: set[tuple[str, int]] = set()
    attributes: set[str] = set()
    for part in nested(code):
        attributes.update(part.co_names)
        steps = list(dis.get_instructions(part))
        for place, step in enumerate(steps):
            if step.opname in LOADS:
                names.add(step.argval)
            elif step.opname == "IMPORT_NAME":
                imports.add((step.argval, steps[place - 2].argval))
                attributes.update(step.argval.split("."))
    return Reach(tuple(sorted(names)), tuple(sorted(imports)), frozenset(attributes))


def nested(code: CodeType) -> Iterator[CodeType]:
    """`code` and all code objects inside it.

    >>> len(list(nested((lambda: lambda: 1).__code__)))
    2
    """
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)


def parts(code: CodeType) -> tuple[object, ...]:
    """All that decides what `code` does: everything but where it was written.

    >>> one, other = compile("a + 1", "x.py", "eval"), compile("\\n\\na + 1", "y.py", "eval")
    >>> parts(one) == parts(other)
    True
    """
    return (
        code.co_name, code.co_code, code.co_exceptiontable, code.co_flags, code.co_consts,
        code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars,
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount,
    )  # fmt: skip
