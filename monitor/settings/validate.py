"""One part of a file against its model: an object, or the problems in words."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.settings.files import Piece
from monitor.settings.problems import Problem, dotted, nearest, shown
from monitor.settings.sections import Section

__all__ = ["MOST_TOLD", "validate"]

S = TypeVar("S", bound=Section)
KeyPath = tuple[str | int, ...]

MOST_TOLD = 1_000
"""Problems told of one table; of the others only how many they are."""
_WORDS = {
    "bool_type": ("must be true or false", "write it without quotes"),
    "bool_parsing": ("must be true or false", "write true or false"),
    "int_parsing": ("must be a whole number", "write it like 4"),
    "float_parsing": ("must be a number", "write it like 1.5"),
    "string_type": ("must be a text", 'put it in quotes: "…"'),
    "tuple_type": ("must be a list", 'write ["a", "b"]'),
    "dict_type": ("must be a table", "write { key = value }"),
    "model_type": ("must be a table", "write { key = value }"),
    "model_attributes_type": ("must be a table", "write { key = value }"),
    "finite_number": ("must be a finite number", ""),
}


def validate(
    model: type[S],
    piece: Piece,
    name: KeyPath,
    context: Mapping[str, Any],
    *,
    fatal: bool = True,
) -> tuple[S | None, list[Problem]]:
    """Return the object, as good as it can be had, and what is wrong with it.

    Keys that are wrong are left out, so that the rest can be checked; None where what is left
    makes no object.
    """
    if not isinstance(piece.data, dict):
        return None, [_no_table(piece, name, fatal=fatal)]
    inner = [key for key in piece.data if key in model.model_fields and _internal(model, key)]
    details: list[ErrorDetails] = [_not_an_option(key) for key in inner]
    given = {key: value for key, value in piece.data.items() if key not in inner}
    try:
        valid = model.model_validate(given, context=dict(context))
    except ValidationError as error:
        valid = None
        details.extend(_first_causes(error.errors(include_url=False)))
    told = details[:MOST_TOLD]
    problems = [_told(detail, model, piece, name, fatal=fatal) for detail in told]
    if len(details) > MOST_TOLD:
        problems.append(_more(len(details) - MOST_TOLD, piece, name, fatal=fatal))
    if valid is not None:
        return valid, problems
    bad = {detail["loc"][0] for detail in details if detail["loc"]}
    good = {key: value for key, value in piece.data.items() if key not in bad}
    try:
        return model.model_validate(good, context=dict(context)), problems
    except ValidationError:
        return None, problems


def _first_causes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out what only follows: a list is not empty because its one item is wrong."""
    wrong = {detail["loc"][:-1] for detail in details}
    return [d for d in details if d["type"] != "too_short" or d["loc"] not in wrong]


def _internal(model: type[Section], key: str) -> bool:
    """Say whether a field is ours to fill in, and so no option."""
    return model.model_fields[key].exclude is True


def _not_an_option(key: str) -> ErrorDetails:
    return ErrorDetails(type="extra_forbidden", loc=(key,), msg="", input=None)


def _no_table(piece: Piece, name: KeyPath, *, fatal: bool) -> Problem:
    return piece.problem(
        key=dotted(name),
        value=shown(piece.data, name),
        message="must be a table",
        hint="write its keys below its name",
        fatal=fatal,
    )


def _more(number: int, piece: Piece, name: KeyPath, *, fatal: bool) -> Problem:
    return piece.problem(
        key=dotted(name),
        message=f"has {number:,} more problems",
        hint="is this a file of another program?",
        fatal=fatal,
    )


def _told(
    detail: ErrorDetails, model: type[Section], piece: Piece, name: KeyPath, *, fatal: bool
) -> Problem:
    below = _path(detail["loc"])
    message, hint = _words(detail, model, below)
    quiet = detail["type"] in {"extra_forbidden", "missing"}
    return piece.problem(
        below,
        key=dotted(name + below),
        value=None if quiet else shown(detail["input"], name + below),
        message=message,
        hint=hint,
        fatal=fatal,
    )


def _path(location: tuple[int | str, ...]) -> KeyPath:
    return tuple(part for part in location if part != "[key]")


def _words(detail: ErrorDetails, model: type[Section], below: KeyPath) -> tuple[str, str]:
    """Return what is wrong and what to do."""
    match detail["type"]:
        case "refused":
            return detail["msg"], str(detail["ctx"].get("hint", ""))
        case "extra_forbidden":
            return "is unknown", nearest(str(below[-1]), _known(model, below[:-1]))
        case "missing":
            return "is missing", f"add {below[-1]} = …"
        case kind if kind in _WORDS:
            return _WORDS[kind]
        case _:
            return _bounds(detail)


def _bounds(detail: ErrorDetails) -> tuple[str, str]:
    """Return what is wrong with a value that is of the right type, and what to do."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            expected = str(context.get("expected", "")).replace("'", '"')
            return f"must be one of {expected}", _nearest_literal(detail["input"], expected)
        case "greater_than":
            return f"must be more than {context['gt']:g}", ""
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}", ""
        case "less_than_equal":
            return f"must be at most {context['le']:g}", ""
        case "too_short":
            return "is an empty list", "name at least one"
        case _:
            return detail["msg"][:1].lower() + detail["msg"][1:], ""


def _nearest_literal(value: object, expected: str) -> str:
    hint = nearest(value if isinstance(value, str) else "", expected.split('"')[1::2])
    return hint if hint.startswith("did") else ""


def _known(model: type[Section], path: KeyPath) -> set[str]:
    """Return the keys that the table at ``path`` may hold."""
    inner = model
    for part in path:
        if isinstance(part, str) and part in inner.model_fields:
            inner = _inner(inner.model_fields[part].annotation) or inner
    return {
        info.alias or name
        for name, info in inner.model_fields.items()
        if not _internal(inner, name)
    }


def _inner(annotation: object) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for argument in get_args(annotation):
        if found := _inner(argument):
            return found
    return None
