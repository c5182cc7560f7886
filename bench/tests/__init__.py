"""Tests of the benchmarks' own rules: what is counted, and what the bare pods share with the operator's."""
