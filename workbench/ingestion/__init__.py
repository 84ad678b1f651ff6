"""Ingestion of any source: plan → fetch → check → write."""
