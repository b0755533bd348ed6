"""Arguments of real ops that were once packed or inferred wrongly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kremote_proto.errors import InvalidType
from kremote_proto.op import CATALOGUE, REQUIRED, SETTING_DEFAULTS
from kremote_proto.specs import Spec, spec_of

X = Spec("float32", (2, 3))


class Packed:
    """A sender that packs nothing."""

    def tensor(self, value: Any, path: str) -> Any:
        return value

    handle = tensor


def infer(name: str, **arguments: Any) -> Any:
    return CATALOGUE[name].infer(arguments, lambda value: value)


def test_none_travels_where_it_is_not_the_default() -> None:
    pack = CATALOGUE["argmax"].pack
    assert pack({"x": 1, "axis": None}, SETTING_DEFAULTS, Packed()) == {"x": 1, "axis": None}
    assert pack({"x": 1}, SETTING_DEFAULTS, Packed()) == {"x": 1}
    assert CATALOGUE["sum"].pack({"x": 1, "axis": None}, SETTING_DEFAULTS, Packed()) == {"x": 1}


@pytest.mark.parametrize("alpha", [np.array(0.5, "float32"), np.float32(0.5), 0.5, 0])
def test_a_number_may_be_an_array_of_rank_0(alpha: Any) -> None:
    assert infer("relu", x=X, alpha=alpha) == X


def test_a_slice_may_have_tensors_as_bounds() -> None:
    bound = Spec("int32", ())
    assert infer("operator.getitem", x=X, index=(0, slice(bound, None))) == Spec("float32", (None,))
    with pytest.raises(InvalidType, match="expected integers in a slice"):
        infer("operator.getitem", x=X, index=slice("a", None))


def test_a_shape_that_is_a_tensor_is_not_a_shape_left_out() -> None:
    assert infer("constant", value=Spec(None, ()), dtype="int32", shape=Spec("int32", (2,))) is None
    assert infer("constant", value=Spec(None, ()), dtype="int32") == Spec("int32", ())


#: An argument of each kind, with nothing known of tensors.
UNKNOWN: dict[str, Any] = {
    "tensor": None,
    "variable": None,
    "tensors": [None],
    "pairs": [(None, None)],
    "structure": [None],
    "shape": (2,),
    "integer or tensor": 0,
    "integers or tensor": (0,),
    "index": (0,),
    "integers": (2, 2),
    "number": 0.5,
    "scalar": Spec(None, None),
    "integer": 1,
    # By name: what the kind alone does not say.
    "height_factor": 2,
    "width_factor": 2,
    "pool3d.pool_size": (2, 2, 2),
    "local_conv1d.kernel_size": (2,),
    "local_conv1d.strides": (2,),
    "conv2d_transpose.output_shape": (2, 8, 8, 2),
    "conv3d_transpose.output_shape": (2, 8, 8, 8, 2),
    "dtype": "float32",
    "data_format": "channels_last",
}


@pytest.mark.parametrize("name", sorted(name for name, op in CATALOGUE.items() if op.rule))
def test_a_rule_takes_tensors_of_which_nothing_is_known(name: str) -> None:
    given: dict[str, Any] = {}
    for parameter in CATALOGUE[name].parameters.values():
        left_out = parameter.default is not REQUIRED and not (parameter.default is None and parameter.kind.setting)
        if left_out and parameter.default is not None:
            given[parameter.name] = parameter.kind.specs(parameter.default, "$", spec_of)
        else:
            keys = (f"{name}.{parameter.name}", parameter.name, parameter.kind.name)
            given[parameter.name] = None if left_out else next((UNKNOWN[key] for key in keys if key in UNKNOWN), None)
    rule = CATALOGUE[name].rule
    assert rule is not None
    said = rule(**given)
    assert said is None or isinstance(said, Spec)
