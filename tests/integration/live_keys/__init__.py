"""The effect of every setting that the operator changes live, shown on real brokers (docs/live-settings.md)."""
