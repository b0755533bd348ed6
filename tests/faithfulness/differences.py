"""Where kremote differs from tf_keras, and means to: each a row of docs/differences.md."""

from __future__ import annotations

from .difference import Difference
from .differences_of_arguments import OF_ARGUMENTS
from .tables import Case

DIFFERENCES = (
    *OF_ARGUMENTS,
    Difference(
        "the number of parameters",
        "an integer also of a tensor of rank 0",
        lambda found: found.what.startswith("has dtype int64"),
        "count_params",
    ),
    Difference(
        "samples without elements",
        "a batch stays one of as many samples when it is flattened",
        lambda found: "0, 2]" in str(found.case),
        "batch_flatten",
    ),
    Difference(
        "one list of one tensor",
        "an axis outside the rank is refused there too",
        lambda found: found.says("expected an axis in"),
        "concatenate",
    ),
    Difference(
        "joining tensors of unknown rank",
        "an axis counts from the back; tf_keras joins along the first instead",
        lambda found: found.mode == "unknown rank",
        "concatenate",
    ),
    Difference(
        "fewer numbers than axes",
        "are those of the last axes, as in 2.3.1",
        lambda found: found.computed or found.mode == "unknown rank",
        "tile",
    ),
    Difference(
        "repeating nothing",
        "0 times, or an axis of length 0, is an axis of length 0",
        lambda found: found.computed,
        "repeat_elements",
    ),
    Difference(
        "axes to reverse",
        "are checked also where there is nothing to reverse",
        lambda found: found.says("expected an axis") or found.says("each axis once"),
        "reverse",
    ),
    Difference(
        "zeros and ones at random",
        "of any dtype",
        lambda found: found.computed,
        "random_bernoulli random_binomial",
    ),
    Difference(
        "branches of one dtype",
        "as in TensorFlow's graphs",
        lambda found: found.mode == "eager" and found.says("expressions of one dtype"),
        "switch",
    ),
    Difference(
        "accumulated values of one shape",
        "as in TensorFlow's graphs",
        lambda found: found.says("expected an accumulated value to stay"),
        "foldl foldr",
    ),
    Difference(
        "recurrences",
        "zeros where the step is masked, also unrolled and in reverse; one output with a mask; states that broadcast",
        lambda found: (
            found.computed or (found.what == "has other values" and "zero_output_for_mask=True" in str(found.case))
        ),
        "rnn",
    ),
    Difference(
        "statistics of other ranks",
        "must broadcast to the axes of x, so that the result is of its shape",
        lambda found: found.says("that broadcasts to the"),
        "batch_normalization",
    ),
    Difference(
        "batch normalization of any dtype",
        "float64, and without beta and gamma, also along axis 1, where tf_keras fuses it; integers are refused",
        lambda found: found.computed or found.says("expected x of a float dtype"),
        "batch_normalization",
    ),
    Difference(
        "gamma and beta of a batch",
        "have as many elements as what stays after the reduction",
        lambda found: found.says("elements; got"),
        "normalize_batch_in_training",
    ),
    Difference(
        "classes of one sample",
        "a class to ignore, also of a target of rank 0",
        lambda found: found.they_say("mask cannot be scalar"),
        "sparse_categorical_crossentropy",
    ),
    Difference(
        "cross entropies from logits",
        "along any axis but the last too",
        lambda found: found.computed and found.they_say("Requires start <= limit"),
        "categorical_crossentropy",
    ),
    Difference(
        "places of the largest",
        "of float64 too",
        lambda found: found.computed,
        "in_top_k",
    ),
    Difference(
        "convolutions of no samples",
        "are of the shape that one of samples has; TensorFlow's kernel at once gives its input back",
        lambda found: ("[0, " in str(found.case)) and (found.what.startswith("has shape") or found.computed),
        "conv1d conv2d conv3d depthwise_conv2d separable_conv2d",
    ),
    Difference(
        "separable convolutions over one axis",
        "are computed; tf_keras asks TensorFlow for a layout of data that it does not have",
        lambda found: found.computed and found.they_say("passed string 'NWC'", "passed string \\'NWC\\'"),
        "separable_conv1d",
    ),
    Difference(
        "pooling of integers",
        "is refused, as by 2.3.1 where it averages",
        lambda found: found.says("expected x of a float dtype"),
        "pool2d",
    ),
    Difference(
        "pooling of float64",
        "is computed, in three axes as in two",
        lambda found: found.computed and found.they_say("has DataType float64 not in list"),
        "pool3d",
    ),
    Difference(
        "empty transposed convolutions",
        "an output without places is refused",
        lambda found: "output_shape=int32" in str(found.case),
        "conv2d_transpose",
    ),
    Difference(
        "mapping to another dtype",
        "is computed without `dtype` too, and of no elements to the shape that one has",
        lambda found: found.computed or "float64" in found.what or found.what.startswith("has shape (0"),
        "map_fn",
    ),
    Difference(
        "strides and dilation",
        "are refused together, as by the other convolutions: what TensorFlow computes then is no convolution",
        lambda found: found.says("expected strides or dilation_rate of 1 on every axis"),
        "depthwise_conv2d separable_conv2d",
    ),
    Difference(
        "stacking nothing",
        "is refused, as joining nothing is: it has no dtype",
        lambda found: found.says("expected at least one tensor; got an empty list"),
        "stack",
    ),
    Difference(
        "stacking one tensor's rows",
        "asks for their number, which a symbol may not have",
        lambda found: found.says("one whose rows are counted"),
        "stack",
    ),
    Difference(
        "a batch's lengths",
        "where they are unknown, are not concluded from an array as gamma or beta",
        lambda found: "less is known" in found.what,
        "normalize_batch_in_training",
    ),
    Difference(
        "an open batch",
        "None as the batch of output_shape is that of x, as in conv2d_transpose",
        lambda found: found.computed and found.they_say("None values not supported"),
        "conv3d_transpose",
    ),
    Difference(
        "the variance of a batch",
        "of unknown rank is the population's, where TensorFlow's fused kernel makes it the sample's",
        lambda found: found.mode == "unknown rank",
        "normalize_batch_in_training",
    ),
    Difference(
        "images and volumes",
        "are of rank 4 and 5; tf_keras resizes the wrong axes of others",
        lambda found: found.says("expected x of rank"),
        "resize_images resize_volumes",
    ),
    Difference(
        "sparse labels",
        "of lengths in a list, and of integers of any length",
        lambda found: found.computed,
        "ctc_label_dense_to_sparse",
    ),
)


def gradient_reason(case: Case) -> str | None:
    """Why a gradient of a case is another than the reference's, where that is wanted."""
    if case.op == "categorical_crossentropy" and case.arguments.get("from_logits"):
        return "TensorFlow's is that of targets that sum to 1, whatever they sum to; ours is that of the loss"
    return None
