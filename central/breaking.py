"""What of a changed API or event its clients and readers of before would stumble over.

Descriptions are OpenAPI 3.1 and JSON Schema 2020-12, as ``central.openapi`` writes them. What is
*given* (answers, events) may get more members; what is *taken* (bodies, parameters, events of older
terminals) may get more freedom. A value that joins an enumeration is no break: readers pass over
what they do not know (docs/contract.md).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

Json = dict[str, Any]
_AUDIENCE: Final = re.compile(r"^(?:Needs the permission|For) .*", re.MULTILINE)
_LOWEST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_HIGHEST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_ANYTHING: Final = "anything"
_PROSE: Final = ("title", "description", "examples", "example", "default")


def breaks(before: Json, now: Json) -> list[str]:
    """Return each break of an API in one line; empty where all that is new is more."""
    schemas = _Schemas(before["components"]["schemas"], now["components"]["schemas"])
    found = list[str]()
    for path, operations in before["paths"].items():
        for method, operation in operations.items():
            where = f"{method.upper()} {path}"
            other = now["paths"].get(path, {}).get(method)
            if other is None:
                found.append(f"{where} is gone")
                continue
            found += _audience_breaks(where, operation, other)
            found += _parameter_breaks(where, operation, other, schemas)
            found += _body_breaks(where, operation, other, schemas)
            found += _answer_breaks(where, operation, other, schemas)
    return list(dict.fromkeys(found))


def event_breaks(before: Json, now: Json) -> list[str]:
    """Return each break of events: for who reads them, and for older terminals that tell them."""
    found = list[str]()
    for name, event in before.items():
        other = now.get(name)
        if other is None:
            found.append(f"{name} is gone")
            continue
        if event["class"] != other["class"]:
            found.append(f"{name} is of another class")
        schemas = _Schemas(event["data"].get("$defs", {}), other["data"].get("$defs", {}))
        for is_given in (True, False):
            found += schemas.breaks(name, event["data"], other["data"], is_given=is_given)
    return list(dict.fromkeys(found))


def frozen(description: Json) -> Json:
    """Return what is compared of an API: no examples and no prose but who may ask."""
    paths = {
        path: {method: _bare_operation(operation) for method, operation in operations.items()}
        for path, operations in description["paths"].items()
    }
    schemas = description["components"]["schemas"].items()
    return {
        "paths": paths,
        "components": {"schemas": {name: bare_schema(schema) for name, schema in schemas}},
    }


def bare_schema(schema: Json) -> Json:
    """Return a schema, or a book of named ones, without what only people read."""
    return {
        key: {name: _bare(each) for name, each in value.items()}
        if key in ("properties", "$defs")
        else _bare(value)
        for key, value in schema.items()
        if key not in _PROSE
    }


def _bare(value: object) -> object:
    match value:
        case dict():
            return bare_schema(value)
        case list():
            return [_bare(each) for each in value]
        case _:
            return value


def _bare_operation(operation: Json) -> Json:
    bare: Json = {"description": "\n".join(_audience(operation))}
    bare["security"] = operation.get("security", [])
    bare["parameters"] = [
        {
            "name": each["name"],
            "in": each["in"],
            "required": each.get("required", False),
            "schema": bare_schema(each["schema"]),
        }
        for each in operation.get("parameters", [])
    ]
    if (body := operation.get("requestBody")) is not None:
        content = _bare_content(body)
        bare["requestBody"] = {"required": body.get("required", False), "content": content}
    bare["responses"] = {
        status: {"content": _bare_content(answer)}
        for status, answer in operation["responses"].items()
    }
    return bare


def _bare_content(body: Json) -> Json:
    return {
        media: {"schema": bare_schema(content.get("schema", {}))}
        for media, content in body.get("content", {}).items()
    }


def _audience(operation: Json) -> list[str]:
    return _AUDIENCE.findall(operation.get("description", ""))


def _audience_breaks(where: str, before: Json, now: Json) -> Iterator[str]:
    asked = [
        (_audience(each), sorted(name for way in each.get("security", []) for name in way))
        for each in (before, now)
    ]
    if asked[0] != asked[1]:
        told = [" ".join([*audience, f"({', '.join(ways)})"]) for audience, ways in asked]
        yield f"{where} is for others: {told[1]} It was: {told[0]}"


def _parameter_breaks(where: str, before: Json, now: Json, schemas: "_Schemas") -> Iterator[str]:
    known, others = (
        {(each["in"], each["name"]): each for each in operation.get("parameters", [])}
        for operation in (before, now)
    )
    for key, parameter in known.items():
        if key not in others:
            yield f"{where} no longer takes {key[1]}"
            continue
        place = f"{where} {key[1]}"
        yield from schemas.breaks(place, parameter["schema"], others[key]["schema"], is_given=False)
    for key, parameter in others.items():
        if parameter.get("required") and not known.get(key, {}).get("required"):
            yield f"{where} demands {key[1]}"


def _body_breaks(where: str, before: Json, now: Json, schemas: "_Schemas") -> Iterator[str]:
    body, other = before.get("requestBody", {}), now.get("requestBody", {})
    if other.get("required") and not body.get("required"):
        yield f"{where} demands a body"
    yield from _content_breaks(f"{where} takes", body, other, schemas, is_given=False)


def _answer_breaks(where: str, before: Json, now: Json, schemas: "_Schemas") -> Iterator[str]:
    for status, answer in before["responses"].items():
        other = now["responses"].get(status)
        if other is None:
            yield f"{where} no longer answers {status}"
            continue
        place = f"{where} answers {status}"
        yield from _content_breaks(place, answer, other, schemas, is_given=True)


def _content_breaks(
    where: str, before: Json, now: Json, schemas: "_Schemas", *, is_given: bool
) -> Iterator[str]:
    others = now.get("content", {})
    for media, content in before.get("content", {}).items():
        if media not in others:
            yield f"{where} no {media} any more"
            continue
        schema, other = content.get("schema", {}), others[media].get("schema", {})
        yield from schemas.breaks(where, schema, other, is_given=is_given)


class _Schemas:
    """Compares schemas of two descriptions, each with what it calls by name."""

    def __init__(self, before: Mapping[str, Json], now: Mapping[str, Json]) -> None:
        self._before, self._now = before, now
        self._known = dict[tuple[str, str, bool], list[str]]()

    def breaks(self, where: str, before: Json, now: Json, *, is_given: bool) -> list[str]:
        """Return how data of one schema does not fit the other.

        Args:
            where: What the lines begin with; what has a name of its own goes by that.
            before: As it was.
            now: As it is.
            is_given: Whether central writes it (readers are of before), or else reads it.
        """
        befores = list(_alternatives(before, self._before))
        nows = list(_alternatives(now, self._now))
        wanted, offered = (nows, befores) if is_given else (befores, nows)
        found = list[str]()
        for name, schema in wanted:
            fitting = [each for each in offered if _takes(each[1], schema)]
            if not fitting:
                kind = name or _kind(schema)
                word = "may now be" if is_given else "no longer takes"
                found.append(f"{where} {word} {kind}")
                continue
            same = [each for each in fitting if name is not None and each[0] == name]
            pairs = [((name, schema), each) for each in same or fitting]
            ways = [pair[::-1] if is_given else pair for pair in pairs]
            told = [self._pair(where, *way, is_given=is_given) for way in ways]
            fewest = min(told, key=len)
            found += fewest
        return found

    def _pair(
        self,
        where: str,
        before: tuple[str | None, Json],
        now: tuple[str | None, Json],
        *,
        is_given: bool,
    ) -> list[str]:
        if before[0] is None or now[0] is None:
            return list(self._differences(where, before[1], now[1], is_given=is_given))
        key = (before[0], now[0], is_given)
        if key not in self._known:
            # A schema that holds itself fits where the rest of it does.
            self._known[key] = []
            told = self._differences(before[0], before[1], now[1], is_given=is_given)
            self._known[key] = list(told)
        return self._known[key]

    def _differences(self, where: str, before: Json, now: Json, *, is_given: bool) -> Iterator[str]:
        yield from _value_breaks(where, before, now, is_given=is_given)
        if not is_given:
            yield from _limit_breaks(where, before, now)
        yield from self._member_breaks(where, before, now, is_given=is_given)
        for key, word in (("items", "[]"), ("additionalProperties", "{}")):
            schema, other = before.get(key, True), now.get(key, True)
            if isinstance(schema, bool) and isinstance(other, bool):
                if schema and not other and not is_given:
                    yield f"{where} takes no other members any more"
                continue
            yield from self.breaks(
                f"{where}{word}", _schema(schema), _schema(other), is_given=is_given
            )
        parts, others = before.get("prefixItems", []), now.get("prefixItems", [])
        if len(parts) != len(others):
            yield f"{where} has {len(others)} parts and had {len(parts)}"
        for index, (part, other) in enumerate(zip(parts, others, strict=False)):
            yield from self.breaks(f"{where}[{index}]", part, other, is_given=is_given)

    def _member_breaks(
        self, where: str, before: Json, now: Json, *, is_given: bool
    ) -> Iterator[str]:
        members, others = before.get("properties", {}), now.get("properties", {})
        for name, schema in members.items():
            if name not in others:
                yield f"{where}.{name} is gone"
                continue
            yield from self.breaks(f"{where}.{name}", schema, others[name], is_given=is_given)
        demanded, demands = set(before.get("required", [])), set(now.get("required", []))
        if is_given:
            missing = sorted((demanded - demands) & set(others))
            yield from (f"{where}.{name} may be missing now" for name in missing)
        else:
            yield from (f"{where} demands {name}" for name in sorted(demands - demanded))


def _alternatives(
    schema: Json, book: Mapping[str, Json], name: str | None = None
) -> Iterator[tuple[str | None, Json]]:
    """Yield what a schema may be, each of one type, with the name it is called by."""
    if "$ref" in schema:
        called = schema["$ref"].rpartition("/")[2]
        yield from _alternatives(book[called], book, called)
        return
    if "allOf" in schema:
        raise ValueError(f"allOf is not compared: {schema}")
    if options := [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
        for option in options:
            yield from _alternatives(option, book)
        return
    kinds = schema.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        yield name, schema if kind is None else {**schema, "type": kind}


def _kind(schema: Json) -> str:
    kind = str(schema.get("type", _ANYTHING))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _takes(wide: Json, narrow: Json) -> bool:
    """Return whether one is of the other's type, or of a wider one."""
    kinds = _kind(wide), _kind(narrow)
    return kinds[0] in (_ANYTHING, kinds[1]) or kinds == ("number", "integer")


def _schema(value: Json | bool) -> Json:
    return value if isinstance(value, dict) else {}


def _value_breaks(where: str, before: Json, now: Json, *, is_given: bool) -> Iterator[str]:
    known, others = _values(before), _values(now)
    if others is None:
        return
    if known is None:
        if not is_given:
            yield f"{where} knows only {', '.join(map(str, others))}"
        return
    yield from (f"{where} no longer knows {each}" for each in known if each not in others)


def _values(schema: Json) -> Sequence[object] | None:
    if "const" in schema:
        return [schema["const"]]
    values: Sequence[object] | None = schema.get("enum")
    return values


def _limit_breaks(where: str, before: Json, now: Json) -> Iterable[str]:
    for names, is_narrower in ((_LOWEST, _is_above), (_HIGHEST, _is_below)):
        for name in names:
            if name in now and (name not in before or is_narrower(now[name], before[name])):
                yield f"{where} has {name} {now[name]} and had {before.get(name, 'none')}"
    if now.get("pattern", before.get("pattern")) != before.get("pattern"):
        yield f"{where} has the pattern {now['pattern']}"


def _is_above(value: float, other: float) -> bool:
    return value > other


def _is_below(value: float, other: float) -> bool:
    return value < other
