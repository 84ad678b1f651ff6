"""Peers that need an environment of their own: a worker program and its packages for each.

A worker runs as `python -m benchmarks.peers.NAME` with the interpreter of `.peers/NAME`, so nothing
here may import a package that is only in the project's environment.
"""
