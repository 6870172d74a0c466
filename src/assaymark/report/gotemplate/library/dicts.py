"""Dictionaries (sprig, "Dictionaries and Dict functions").

`set`, `unset` and `merge` change the dictionary that they are given, as Go's maps do; maps of the report are not theirs
to change. What sprig tells in random order (`keys`, `values`) is in the order of the keys here.
"""

from __future__ import annotations

from typing import Any, Final

from assaymark.report.gotemplate.library.kinds import is_empty, text_of_value
from assaymark.report.gotemplate.values import Function, GoMap, type_name


def _made(*values: Any) -> dict[str, Any]:
    names = [text_of_value(name) for name in values[::2]]
    return dict(zip(names, [*values[1::2], ""], strict=False))


def _own(target: dict[Any, Any]) -> dict[Any, Any]:
    if isinstance(target, GoMap):
        raise TypeError(f"wrong type for value; expected map[string]interface {{}}; got {target.go_type}")
    return target


def _set(target: dict[Any, Any], key: str, value: Any) -> dict[Any, Any]:
    _own(target)[str(key)] = value
    return target


def _unset(target: dict[Any, Any], key: str) -> dict[Any, Any]:
    _own(target).pop(key, None)
    return target


def _merged(target: dict[Any, Any], *sources: dict[Any, Any]) -> dict[Any, Any]:
    for source in sources:
        _fill(_own(target), source, overwrite=False)
    return target


def _merged_over(target: dict[Any, Any], *sources: dict[Any, Any]) -> dict[Any, Any]:
    for source in sources:
        _fill(_own(target), source, overwrite=True)
    return target


def _fill(target: dict[Any, Any], source: dict[Any, Any], *, overwrite: bool) -> None:
    """mergo: what the target lacks or has empty comes from the source; with `overwrite`, everything does."""
    for key, value in source.items():
        known = target.get(key)
        if isinstance(known, dict) and isinstance(value, dict) and not isinstance(known, GoMap):
            _fill(known, value, overwrite=overwrite)
        elif overwrite or key not in target or is_empty(known):
            target[key] = value


def _digged(*values: Any) -> Any:
    """`dig "a" "b" default dict`: what is at the end of the keys, or the default where one is missing."""
    if len(values) < 3:
        raise ValueError("dig needs at least three arguments")
    *keys, otherwise, value = values
    for key in keys:
        if not isinstance(value, dict):
            raise TypeError(f"expected map[string]interface {{}}; got {type_name(value)}")
        if key not in value:
            return otherwise
        value = value[key]
    return value


def _copied(value: Any) -> Any:
    if isinstance(value, GoMap):
        return value
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return value


def _keys(*dicts: dict[Any, Any]) -> list[Any]:
    return [key for each in dicts for key in sorted(each)]


def _picked(source: dict[Any, Any], *keys: str) -> dict[Any, Any]:
    return {key: source[key] for key in keys if key in source}


def _omitted(source: dict[Any, Any], *keys: str) -> dict[Any, Any]:
    return {key: value for key, value in source.items() if key not in keys}


DICTS: Final[dict[str, Function]] = {
    "deepCopy": Function("a", _copied),
    "dict": Function("a*", _made),
    "dig": Function("a*", _digged),
    "get": Function("ds", lambda source, key: source.get(key, "")),
    "hasKey": Function("ds", lambda source, key: key in source),
    "keys": Function("d*", _keys),
    "merge": Function("dd*", _merged),
    "mergeOverwrite": Function("dd*", _merged_over),
    "mustDeepCopy": Function("a", _copied),
    "mustMerge": Function("dd*", _merged),
    "mustMergeOverwrite": Function("dd*", _merged_over),
    "omit": Function("ds*", _omitted),
    "pick": Function("ds*", _picked),
    "pluck": Function("sd*", lambda key, *dicts: [each[key] for each in dicts if key in each]),
    "set": Function("dsa", _set),
    "unset": Function("ds", _unset),
    "values": Function("d", lambda source: [source[key] for key in sorted(source)]),
}
