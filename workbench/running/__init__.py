"""Notebook runs: find a notebook, check its parameters, execute it, keep the report."""
