"""The port to Kubernetes and its adapter."""
