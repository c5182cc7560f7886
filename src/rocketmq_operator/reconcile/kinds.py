"""The kinds of objects that plans make and take away, by name."""

from rocketmq_operator.kube.resources import CONFIG_MAP, CONTROLLER_REVISION, PDB, POD, SERVICE, STATEFULSET
from rocketmq_operator.kube.types import Resource

RESOURCES: dict[str, Resource] = {
    each.kind: each for each in (CONFIG_MAP, CONTROLLER_REVISION, PDB, SERVICE, STATEFULSET)
}
REMOVABLE = {**RESOURCES, POD.kind: POD}
