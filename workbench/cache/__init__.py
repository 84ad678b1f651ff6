"""Cache tiers: memory, memory-mapped files, Redis; they know nothing of bars."""
