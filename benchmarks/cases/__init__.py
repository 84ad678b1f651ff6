"""The cases, by subject; `load` registers them all."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every module of this package, which registers its cases."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
