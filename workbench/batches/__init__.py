"""Indicators over more symbols than memory holds, in shares, here or on the workers of a cluster.

A share is some symbols: their bars are read, their outputs computed and kept as a part, and the
parts put together at the end.
"""

from workbench.batches.batch import Means, run
from workbench.batches.plan import Plan
from workbench.batches.result import Computed

__all__ = ["Computed", "Means", "Plan", "run"]
