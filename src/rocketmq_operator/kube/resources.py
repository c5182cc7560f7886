"""The kinds of Kubernetes that the operator works with."""

from .types import Resource

CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps")
NAMESPACE = Resource("", "v1", "Namespace", "namespaces", namespaced=False)
NODE = Resource("", "v1", "Node", "nodes", namespaced=False)
POD = Resource("", "v1", "Pod", "pods")
PVC = Resource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
SECRET = Resource("", "v1", "Secret", "secrets")
SERVICE = Resource("", "v1", "Service", "services")
CONTROLLER_REVISION = Resource("apps", "v1", "ControllerRevision", "controllerrevisions")
DEPLOYMENT = Resource("apps", "v1", "Deployment", "deployments")
STATEFULSET = Resource("apps", "v1", "StatefulSet", "statefulsets")
CRD = Resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)
ENDPOINT_SLICE = Resource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
EVENT = Resource("events.k8s.io", "v1", "Event", "events")
LEASE = Resource("coordination.k8s.io", "v1", "Lease", "leases")
PDB = Resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
STORAGE_CLASS = Resource("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
