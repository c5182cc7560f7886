"""End to end: real kubelets, real brokers, the operator installed as a user installs it."""
