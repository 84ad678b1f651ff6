"""The market-data research workbench: `import workbench as wb`.

Importing costs next to nothing and touches no disk, socket or environment; each public name is
loaded when it is first used. Functions such as `wb.bars` belong to a default `Workbench`, which
is made from the environment's settings at that moment.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "Settings",
    "Workbench",
    "WorkbenchError",
    "actions",
    "bars",
    "cached",
    "chart",
    "chunks",
    "default",
    "errors",
    "forget",
    "ingest",
    "market",
    "memoize",
    "pages",
    "partitions",
    "quarantined",
    "record_actions",
    "reorder",
    "retain",
    "run",
    "runs",
    "series",
    "sql",
    "ta",
]

_OBJECTS = {
    "Settings": "workbench.settings",
    "Workbench": "workbench.api",
    "WorkbenchError": "workbench.errors",
    "chart": "workbench.charts",
    "default": "workbench.api",
}
_MODULES = {"errors": "workbench.errors", "ta": "workbench.ta"}

if TYPE_CHECKING:
    from workbench import errors, ta
    from workbench.api import Workbench, default
    from workbench.charts import chart
    from workbench.errors import WorkbenchError
    from workbench.settings import Settings

    actions = default().actions
    bars = default().bars
    cached = default().cached
    chunks = default().chunks
    forget = default().forget
    ingest = default().ingest
    market = default().market
    memoize = default().memoize
    pages = default().pages
    partitions = default().partitions
    quarantined = default().quarantined
    record_actions = default().record_actions
    reorder = default().reorder
    retain = default().retain
    run = default().run
    runs = default().runs
    series = default().series
    sql = default().sql


def __getattr__(name: str) -> Any:
    if name in _OBJECTS:
        return getattr(import_module(_OBJECTS[name]), name)
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in __all__:
        return getattr(import_module("workbench.api").default(), name)
    raise AttributeError(f"module 'workbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
