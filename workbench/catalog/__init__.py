"""The read path: which bars there are, the bars themselves, and how fresh they are."""

from workbench.catalog.freshness import Freshness
from workbench.catalog.reading import SERIES_COLUMNS, Catalog

__all__ = ["SERIES_COLUMNS", "Catalog", "Freshness"]
