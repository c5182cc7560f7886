"""Volumes of brokers that exist: how they grow, and what is done when one is lost."""
