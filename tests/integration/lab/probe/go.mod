module rocketmq-operator/tests/lab/probe

go 1.24.0
