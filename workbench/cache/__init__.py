"""Cache tiers: memory, memory-mapped files, Redis."""
