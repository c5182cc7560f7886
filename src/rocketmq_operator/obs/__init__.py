"""Logs, metrics, health: what the operator shows of itself."""
