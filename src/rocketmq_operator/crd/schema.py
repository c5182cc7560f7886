"""Structs to structural OpenAPI v3 schemas, as the API server demands them.

msgspec's own JSON schemas are refused by the API server (``$ref``, ``anyOf`` with null, no ``type`` on enums), so this walks
the types instead. Source: Kubernetes documentation, "Custom Resources", *Specifying a structural schema*.
"""

from enum import Enum
from typing import Any

import msgspec
from msgspec import inspect

from rocketmq_operator.api.schema import Rule

Json = dict[str, Any]

# Our names for bounds, and OpenAPI's, per JSON type ("max_length" means three things).
_BOUNDS = {
    "string": {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"},
    "integer": {"ge": "minimum", "le": "maximum"},
    "array": {"min_length": "minItems", "max_length": "maxItems"},
    "object": {},
}


def schema_of(type_: Any) -> Json:
    """The structural schema of a type made of Structs, lists, string maps, enums and scalars."""
    return _convert(inspect.type_info(type_))


def _convert(info: inspect.Type) -> Json:
    if isinstance(info, inspect.Metadata):
        return _with_metadata(_convert(info.type), info)
    if isinstance(info, inspect.UnionType):
        return _convert(next(each for each in info.types if not isinstance(each, inspect.NoneType)))
    if isinstance(info, inspect.StructType):
        return _struct(info)
    if isinstance(info, inspect.EnumType):
        return _enum(info.cls)
    return _plain(info)


def _plain(info: inspect.Type) -> Json:
    match info:
        case inspect.StrType():
            return {"type": "string"}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.IntType():
            return {"type": "integer", "format": "int32"}
        case inspect.ListType(item_type=item):
            return {"type": "array", "items": _convert(item)}
        case inspect.DictType(value_type=inspect.AnyType()):
            return {"type": "object"}
        case inspect.DictType(value_type=value):
            return {"type": "object", "additionalProperties": _convert(value)}
    raise TypeError(f"no structural schema for {info!r}")


def _enum(cls: type[Enum]) -> Json:
    return {"type": "string", "enum": [member.value for member in cls]}


def _struct(info: inspect.StructType) -> Json:
    properties: Json = {}
    for field in info.fields:
        properties[field.encode_name] = _with_default(_convert(field.type), field)
    schema: Json = {"type": "object", "properties": properties}
    required = [field.encode_name for field in info.fields if field.required]
    if required:
        schema["required"] = required
    rules: tuple[Rule, ...] = getattr(info.cls, "rules", ())
    if rules:
        schema["x-kubernetes-validations"] = [rule_json(rule) for rule in rules]
    return schema


def _with_default(schema: Json, field: inspect.Field) -> Json:
    """Scalar defaults and non-empty lists go into the schema; absent objects and empty collections stay absent."""
    default = field.default
    if field.default_factory is not msgspec.NODEFAULT and field.default_factory is not None:
        default = field.default_factory()
    if default is msgspec.NODEFAULT or default is None or default == "" or default in ([], {}):
        return schema
    if isinstance(default, msgspec.Struct):
        return {**schema, "default": {}}
    return {**schema, "default": default.value if isinstance(default, Enum) else default}


def _with_metadata(schema: Json, info: inspect.Metadata) -> Json:
    described = dict(schema)
    described.update({key: value for key, value in (info.extra_json_schema or {}).items() if key == "description"})
    extra = dict(info.extra or {})
    for ours, value in extra.pop("bounds", {}).items():
        described[_BOUNDS[schema["type"]][ours]] = value
    rules = extra.pop("rules", ())
    described.update(extra)
    if rules:
        described["x-kubernetes-validations"] = [
            *described.get("x-kubernetes-validations", []),
            *map(rule_json, rules),
        ]
    return described


def rule_json(rule: Rule) -> Json:
    """A CEL rule as ``x-kubernetes-validations`` wants it."""
    body = {
        "rule": rule.rule,
        "message": rule.message,
        "fieldPath": rule.field_path,
    }
    return {key: value for key, value in body.items() if value}
