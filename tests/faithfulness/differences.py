"""Where kremote differs from tf_keras, and means to: each a row of docs/differences.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kremote_proto.specs import Spec

from .outcome import Outcome, Refused
from .tables import Case


@dataclass(frozen=True)
class Found:
    """A difference."""

    case: Case
    #: "eager", or what was known of a symbol's shape.
    mode: str
    what: str
    theirs: Outcome | Spec
    ours: Outcome | Spec

    def says(self, words: str) -> bool:
        """Whether kremote refuses with these words."""
        return isinstance(self.ours, Refused) and words in self.ours.message

    def they_say(self, *words: str) -> bool:
        """Whether tf_keras refuses with one of these words."""
        return isinstance(self.theirs, Refused) and any(word in self.theirs.message for word in words)

    @property
    def computed(self) -> bool:
        """Whether kremote computes what tf_keras refuses."""
        return self.what == "is not refused"


@dataclass(frozen=True)
class Difference:
    """A wanted difference: which ones it covers, and why it is wanted."""

    name: str
    reason: str
    covers: Callable[[Found], bool]


DIFFERENCES = (
    Difference(
        "arguments of a wrong kind",
        "what is no integer, number, shape or text where one is meant is refused at the call, mostly with a TypeError; "
        "TensorFlow's kind of error depends on which of its layers looks first",
        lambda found: (
            found.what == "is refused with another kind of error"
            and (found.says(" at $.") or found.says("FailedAssertion") or found.says("expected tensors; got None"))
        ),
    ),
    Difference(
        "arrays of another kind",
        "TensorFlow cuts the fractions off an array beside an integer tensor, or of indices, without a word; "
        "2.3.1 refuses it too",
        lambda found: found.says("whose numbers can become") or found.says("expected indices of an integer dtype"),
    ),
    Difference(
        "lists beside arrays of another kind",
        "as arrays of another kind",
        lambda found: found.says("expected numbers that") and isinstance(found.theirs, list),
    ),
    Difference(
        "numbers alone",
        "two numbers or lists meet as numpy says, so that neither is cut off",
        lambda found: (
            isinstance(found.ours, list)
            and found.mode == "eager"
            and not found.case.has_tensor
            and set(found.case.arguments) in ({"x", "y"}, {"x", "a"})
        ),
    ),
    Difference(
        "arrays beside tensors",
        "an array takes the dtype of the tensor it stands beside, whichever comes first",
        lambda found: found.computed and found.they_say("expected to be a") and "as array" in str(found.case),
    ),
    Difference(
        "numbers beside tensors",
        "a number takes the dtype of the tensor it stands beside, whichever comes first; lists are tensors",
        lambda found: (
            found.computed
            and "crossentropy" in found.case.op
            and found.they_say("expected to be a", "unsupported operand", "can't multiply")
        ),
    ),
    Difference(
        "whole numbers",
        "2.0 is a number that integers hold",
        lambda found: (
            found.computed
            and found.case.op in ("relu", "random_uniform")
            and found.they_say("Cannot convert", "Expected int")
        ),
    ),
    Difference(
        "tensors as numbers",
        "a concrete tensor is its value where a number is wanted",
        lambda found: found.computed and found.they_say("Expected float for argument"),
    ),
    Difference(
        "lists of axes",
        "eager TensorFlow takes nested ones, and a list of one where an axis is wanted; its graphs do not",
        lambda found: (
            found.says("a list of axes") or (found.says("expected an integer; got") and found.says("at $.axis"))
        ),
    ),
    Difference(
        "constants of tensors",
        "a tensor is cast to the dtype asked for, as an array is",
        lambda found: (
            found.case.op in ("constant", "variable")
            and found.computed
            and found.they_say("Expected tensor", "Tensor conversion requested", "Incompatible type conversion")
        ),
    ),
    Difference(
        "a constant's shape",
        "a shape that does not hold the elements is a ValueError, as in 2.3.1",
        lambda found: found.case.op == "constant" and found.says("expected a shape that holds"),
    ),
    Difference(
        "numbers as dtypes",
        "TensorFlow's own numbers for dtypes mean nothing outside TensorFlow",
        lambda found: found.case.arguments.get("dtype") == 1 and found.says("expected a dtype"),
    ),
    Difference(
        "exact numbers",
        "a Python number that becomes float64 is not rounded to float32 on the way",
        lambda found: (
            found.what == "has other values"
            and found.case.op in ("cast", "moving_average_update")
            and "float64" in str(found.case)
        ),
    ),
    Difference(
        "the sizes of eye",
        "(rows, columns) as the page says",
        lambda found: found.case.op == "eye" and found.computed and found.they_say("must be positive integer"),
    ),
    Difference(
        "the number of parameters",
        "an integer also of a tensor of rank 0",
        lambda found: found.case.op == "count_params" and found.what.startswith("has dtype int64"),
    ),
    Difference(
        "samples without elements",
        "a batch stays one of as many samples when it is flattened",
        lambda found: found.case.op == "batch_flatten" and "0, 2]" in str(found.case),
    ),
    Difference(
        "one list of one tensor",
        "an axis outside the rank is refused there too",
        lambda found: found.case.op == "concatenate" and found.says("expected an axis in"),
    ),
    Difference(
        "joining tensors of unknown rank",
        "an axis counts from the back; tf_keras joins along the first instead",
        lambda found: found.case.op == "concatenate" and found.mode == "unknown rank",
    ),
    Difference(
        "fewer numbers than axes",
        "are those of the last axes, as in 2.3.1",
        lambda found: found.case.op == "tile" and (found.computed or found.mode == "unknown rank"),
    ),
    Difference(
        "repeating nothing",
        "0 times, or an axis of length 0, is an axis of length 0",
        lambda found: found.case.op == "repeat_elements" and found.computed,
    ),
    Difference(
        "axes to reverse",
        "are checked also where there is nothing to reverse",
        lambda found: found.case.op == "reverse" and (found.says("expected an axis") or found.says("each axis once")),
    ),
    Difference(
        "indices",
        "may be integers of any length, and none at all",
        lambda found: found.case.op == "gather" and found.computed and found.they_say("Tindices"),
    ),
    Difference(
        "shapes of one number",
        "3 is the shape (3,), as it is where a variable is made",
        lambda found: found.computed and isinstance(found.case.arguments.get("shape"), int),
    ),
    Difference(
        "zeros and ones at random",
        "of any dtype",
        lambda found: found.case.op in ("random_bernoulli", "random_binomial") and found.computed,
    ),
    Difference(
        "branches of one dtype",
        "as in TensorFlow's graphs",
        lambda found: found.case.op == "switch" and found.mode == "eager" and found.says("expressions of one dtype"),
    ),
    Difference(
        "accumulated values of one shape",
        "as in TensorFlow's graphs",
        lambda found: found.case.op in ("foldl", "foldr") and found.says("expected an accumulated value to stay"),
    ),
    Difference(
        "recurrences",
        "zeros where the step is masked, also unrolled and in reverse; one output with a mask; states that broadcast",
        lambda found: (
            found.case.op == "rnn"
            and (
                found.computed or (found.what == "has other values" and "zero_output_for_mask=True" in str(found.case))
            )
        ),
    ),
    Difference(
        "statistics of other ranks",
        "must broadcast to the axes of x, so that the result is of its shape",
        lambda found: found.case.op == "batch_normalization" and found.says("that broadcasts to the"),
    ),
    Difference(
        "batch normalization of any dtype",
        "float64, and without beta and gamma, also along axis 1, where tf_keras fuses it; integers are refused",
        lambda found: (
            found.case.op == "batch_normalization" and (found.computed or found.says("expected x of a float dtype"))
        ),
    ),
    Difference(
        "gamma and beta of a batch",
        "have as many elements as what stays after the reduction",
        lambda found: found.case.op == "normalize_batch_in_training" and found.says("elements; got"),
    ),
    Difference(
        "classes of one sample",
        "a class to ignore, also of a target of rank 0",
        lambda found: found.case.op == "sparse_categorical_crossentropy" and found.they_say("mask cannot be scalar"),
    ),
    Difference(
        "cross entropies from logits",
        "along any axis but the last too",
        lambda found: found.computed and found.they_say("Requires start <= limit"),
    ),
    Difference(
        "places of the largest",
        "of float64 too",
        lambda found: found.case.op == "in_top_k" and found.computed,
    ),
    Difference(
        "convolutions of no samples",
        "are of the shape that one of samples has; TensorFlow's kernel at once gives its input back",
        lambda found: (
            found.case.op.endswith(("conv1d", "conv2d", "conv3d"))
            and ("[0, " in str(found.case))
            and (found.what.startswith("has shape") or found.computed)
        ),
    ),
    Difference(
        "lists of lengths",
        "a list is taken where a tuple is",
        lambda found: found.computed and found.they_say("can only concatenate"),
    ),
    Difference(
        "arrays to convolve",
        "take the dtype of the kernel, and keep their own where there is none",
        lambda found: (
            "as array" in str(found.case)
            and (found.they_say("does not match type", "valid indices") or found.case.op == "pool2d")
        ),
    ),
    Difference(
        "numbers of lengths",
        "are as many as there are axes, and the kernel is of them; tf_keras ignores the others",
        lambda found: (
            "conv" in found.case.op
            and (
                found.says("integer from 1") or found.says("integers from 1") or found.says("expected kernel of shape")
            )
        ),
    ),
    Difference(
        "pooling of integers",
        "is refused, as by 2.3.1 where it averages",
        lambda found: found.case.op in ("pool2d", "pool3d") and found.says("expected x of a float dtype"),
    ),
    Difference(
        "empty transposed convolutions",
        "an output without places is refused",
        lambda found: found.case.op == "conv2d_transpose" and "output_shape=int32" in str(found.case),
    ),
    Difference(
        "None, where it is not taken",
        "an argument that is no tensor or number is refused also where the reference happens not to look at it",
        lambda found: (
            found.what == "is refused"
            and (found.says("got None") or found.says("got string"))
            and found.case.op in ("switch", "relu", "binary_focal_crossentropy")
        ),
    ),
    Difference(
        "numbers as branches",
        "are tensors of the other branch's dtype",
        lambda found: found.case.op == "switch" and found.what == "has dtype float32, not float64",
    ),
    Difference(
        "mapping to another dtype",
        "is computed without `dtype` too, and of no elements to the shape that one has",
        lambda found: (
            found.case.op == "map_fn"
            and (found.computed or "float64" in found.what or found.what.startswith("has shape (0"))
        ),
    ),
    Difference(
        "fractions as integers",
        "a seed or a class is an integer",
        lambda found: found.says("expected an integer; got float"),
    ),
    Difference(
        "tensors as moments",
        "the bounds, moments and chances of random tensors are numbers",
        lambda found: found.case.op.startswith(("random", "truncated")) and found.says("expected a number; got"),
    ),
    Difference(
        "whole bounds",
        "0.0 is a bound of integers",
        lambda found: found.case.op == "random_uniform_variable" and found.computed,
    ),
    Difference(
        "lengths that only a call says",
        "of a target of rank 0, of an array beside unknown lengths, and of a number beside a tensor's length, less is "
        "known than TensorFlow works out",
        lambda found: (
            "less is known" in found.what
            and found.case.op
            in (
                "sparse_categorical_crossentropy",
                "normalize_batch_in_training",
                "bias_add",
                "in_top_k",
                "repeat",
                "random_normal",
                "truncated_normal",
                "random_uniform",
                "random_bernoulli",
                "random_binomial",
            )
        ),
    ),
    Difference(
        "targets of unknown rank",
        "must be of the output's places when a function runs",
        lambda found: found.case.op == "sparse_categorical_crossentropy" and found.mode == "unknown rank",
    ),
    Difference(
        "the variance of a batch",
        "of unknown rank is the population's, where TensorFlow's fused kernel makes it the sample's",
        lambda found: found.case.op == "normalize_batch_in_training" and found.mode == "unknown rank",
    ),
    Difference(
        "sparse labels",
        "of lengths in a list, and of integers of any length",
        lambda found: found.case.op == "ctc_label_dense_to_sparse" and found.computed,
    ),
)


def reason(found: Found) -> str | None:
    """The name of the wanted difference that explains one."""
    return next((one.name for one in DIFFERENCES if one.covers(found)), None)


def gradient_reason(case: Case) -> str | None:
    """Why a gradient of a case is another than the reference's, where that is wanted."""
    if case.op == "categorical_crossentropy" and case.arguments.get("from_logits"):
        return "TensorFlow's is that of targets that sum to 1, whatever they sum to; ours is that of the loss"
    return None
