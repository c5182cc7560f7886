"""Benchmarks: figures as ratios against a floor that is measured in the same run. See docs/benchmarks.md."""
