"""CustomResourceDefinitions from the kinds (Kubernetes: ``apiextensions.k8s.io/v1``)."""

from typing import Any

from rocketmq_operator.api.schema import GROUP, VERSION, Column, Kind

from .schema import schema_of

Json = dict[str, Any]


def definition(kind: Kind) -> Json:
    """The CustomResourceDefinition of a kind, ready for server-side apply."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{kind.plural}.{GROUP}",
            "labels": {"app.kubernetes.io/part-of": "rocketmq-operator"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.singular,
                "shortNames": list(kind.short_names),
                "categories": list(kind.categories),
            },
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> Json:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _root(kind)},
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": kind.scale.spec,
                "statusReplicasPath": kind.scale.status,
                "labelSelectorPath": kind.scale.selector,
            },
        },
        "additionalPrinterColumns": [_column(column) for column in kind.columns],
    }


def _root(kind: Kind) -> Json:
    """The kind's schema with the parts that Kubernetes defines itself reduced to what it allows there."""
    schema = schema_of(kind.type)
    properties = schema["properties"]
    properties["apiVersion"] = {"type": "string"}
    properties["kind"] = {"type": "string"}
    properties["metadata"] = {"type": "object"}
    schema["description"] = kind.description
    schema["required"] = [name for name in schema.get("required", []) if name != "metadata"] or ["spec"]
    schema["x-kubernetes-validations"] = [
        {
            "rule": "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 40",
            "message": "metadata.name must be at most 40 characters of a-z, 0-9 and '-', starting with a letter: pod and Service names are made from it",
        }
    ]
    return schema


def _column(column: Column) -> Json:
    body: Json = {"name": column.name, "type": column.type, "jsonPath": column.path}
    if column.description:
        body["description"] = column.description
    if column.priority:
        body["priority"] = column.priority
    return body
