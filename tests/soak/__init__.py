"""The proof: readers beside writers, kills, faults and lag; no read is stale and none is torn.

`make soak` runs a million reads, `tests/test_soak.py` a few thousand. What is true is said by
PostgreSQL alone: at each commit a trigger of the test's own keeps all rows of each changed series
under the version that it then has. A reader asks which versions are committed, reads, and compares
what it got with the rows of exactly the versions that the result claims.
"""
