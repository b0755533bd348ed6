"""The one tree of errors: codes, statuses, Python's own exceptions beside them."""

from __future__ import annotations

import http

import pytest

from kremote_proto.errors import ERRORS, KremoteError, MalformedRequest, error_from_wire, shown


def test_codes_are_unique_and_each_class_has_its_own() -> None:
    classes: list[type[KremoteError]] = [KremoteError, *_descendants(KremoteError)]
    wire_classes = [one for one in classes if one.__module__ == "kremote_proto.errors"]
    assert {one.code for one in wire_classes} == set(ERRORS)
    assert len({one.code for one in wire_classes}) == len(wire_classes)


def test_statuses_are_errors_of_http() -> None:
    for error_class in ERRORS.values():
        assert http.HTTPStatus(error_class.status).value >= 400


@pytest.mark.parametrize("code", ERRORS)
def test_errors_travel(code: str) -> None:
    error = ERRORS[code]("expected a; got b", op="dot", instruction=5, hint="try c", cause=4)
    got = error_from_wire(error.to_wire())
    assert (type(got), got.message, got.op, got.instruction, got.hint, got.cause) == (
        ERRORS[code],
        "expected a; got b",
        "dot",
        5,
        "try c",
        4,
    )


def test_every_error_has_the_same_keys_and_an_inherited_one_its_cause() -> None:
    assert list(MalformedRequest("x").to_wire()) == ["code", "message", "op", "instruction", "hint"]
    assert MalformedRequest("x", cause=3).to_wire()["cause"] == 3


def test_an_unknown_code_is_still_an_error() -> None:
    got = error_from_wire({"code": "of_a_later_version", "message": "m"})
    assert type(got) is KremoteError
    assert got.message == "m"


def test_a_place_is_named_once() -> None:
    error = MalformedRequest("x").at(op="dot", instruction=1).at(op="add", instruction=2)
    assert (error.op, error.instruction) == ("dot", 1)


def test_the_text_names_op_place_and_hint() -> None:
    error = MalformedRequest("expected a; got b", op="dot", hint="try c")
    error.location = "model.py:7"
    assert str(error) == "dot: expected a; got b\n  called at model.py:7\n  hint: try c"


def test_what_a_message_shows_is_short() -> None:
    for value in ("x" * 10**6, ["x"] * 10**6, {str(n): n for n in range(10**4)}, 10**4000, [[[[[[[[[1]]]]]]]]]):
        assert len(shown(value)) <= 80


def _descendants(root: type[KremoteError]) -> list[type[KremoteError]]:
    return [one for child in root.__subclasses__() for one in (child, *_descendants(child))]
