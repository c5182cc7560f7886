"""The lab: a real Kubernetes of one to three nodes on one machine, each node in its own network namespace.

`cli` reads the command line, `lab` holds the commands, `controlplane` and `node` start their programs;
`layout`, `certificates` and the `*_config` modules are pure. docs/lab.md explains how it fits together.
"""
