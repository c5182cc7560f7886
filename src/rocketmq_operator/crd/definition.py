"""CustomResourceDefinitions from the kinds (Kubernetes: ``apiextensions.k8s.io/v1``)."""

from typing import Any

from rocketmq_operator.api.schema import DNS_LABEL, GROUP, VERSION, Column, Kind

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
    # Pod and Service names are made from it (DNS-1035), with a group, a member and a word behind it.
    properties["metadata"] = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 40, "pattern": DNS_LABEL}},
    }
    schema["description"] = kind.description
    schema["required"] = [name for name in schema.get("required", []) if name != "metadata"] or ["spec"]
    return schema


def _column(column: Column) -> Json:
    body: Json = {"name": column.name, "type": column.type, "jsonPath": column.path}
    if column.description:
        body["description"] = column.description
    if column.priority:
        body["priority"] = column.priority
    return body
