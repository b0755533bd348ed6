"""Where kremote takes other arguments than tf_keras, and means to."""

from __future__ import annotations

from .difference import Difference

OF_ARGUMENTS = (
    Difference(
        "arguments of a wrong kind",
        "what is no integer, number, shape or text where one is meant is refused at the call, mostly with a TypeError; "
        "TensorFlow's kind of error depends on which of its layers looks first",
        lambda found: (
            found.what == "is refused with another kind of error"
            and (found.says(" at $.") or found.says("FailedAssertion") or found.says("expected tensors; got None"))
        ),
        "argmin cumsum tile",
        elsewhere=True,
    ),
    Difference(
        "arrays of another kind",
        "TensorFlow cuts the fractions off an array beside an integer tensor, or of indices, without a word; "
        "2.3.1 refuses it too",
        lambda found: found.says("whose numbers can become") or found.says("expected indices of an integer dtype"),
        "equal greater greater_equal less less_equal maximum minimum not_equal one_hot update update_add update_sub",
    ),
    Difference(
        "lists beside arrays of another kind",
        "as arrays of another kind",
        lambda found: found.says("expected numbers that") and isinstance(found.theirs, list),
        "clip equal greater less maximum minimum not_equal",
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
        "equal greater greater_equal less less_equal maximum minimum not_equal pow",
    ),
    Difference(
        "arrays beside tensors",
        "an array takes the dtype of the tensor it stands beside, whichever comes first",
        lambda found: found.computed and found.they_say("expected to be a") and "as array" in str(found.case),
        "batch_dot binary_crossentropy binary_focal_crossentropy categorical_crossentropy "
        "categorical_focal_crossentropy",
    ),
    Difference(
        "numbers beside tensors",
        "a number takes the dtype of the tensor it stands beside, whichever comes first; lists are tensors",
        lambda found: found.computed and found.they_say("expected to be a", "unsupported operand", "can't multiply"),
        "binary_crossentropy binary_focal_crossentropy",
    ),
    Difference(
        "whole numbers",
        "2.0 is a number that integers hold",
        lambda found: found.computed and found.they_say("Cannot convert", "Expected int"),
        "random_uniform relu",
    ),
    Difference(
        "tensors as numbers",
        "a concrete tensor is its value where a number is wanted",
        lambda found: found.computed and found.they_say("Expected float for argument"),
        "relu",
    ),
    Difference(
        "lists of axes",
        "eager TensorFlow takes nested ones, and a list of one where an axis is wanted; its graphs do not",
        lambda found: (
            found.says("a list of axes") or (found.says("expected an integer; got") and found.says("at $.axis"))
        ),
        "all any batch_normalization categorical_crossentropy l2_normalize logsumexp max mean min prod "
        "softmax stack std sum var",
    ),
    Difference(
        "constants of tensors",
        "a tensor is cast to the dtype asked for, as an array is",
        lambda found: (
            found.computed
            and found.they_say("Expected tensor", "Tensor conversion requested", "Incompatible type conversion")
        ),
        "constant variable",
    ),
    Difference(
        "numbers as dtypes",
        "TensorFlow's own numbers for dtypes mean nothing outside TensorFlow",
        lambda found: found.case.arguments.get("dtype") == 1 and found.says("expected a dtype"),
        "cast constant eye ones ones_like variable zeros zeros_like",
    ),
    Difference(
        "exact numbers",
        "a Python number that becomes float64 is not rounded to float32 on the way",
        lambda found: found.what == "has other values" and "float64" in str(found.case),
        "cast moving_average_update",
    ),
    Difference(
        "the sizes of eye",
        "(rows, columns) as the page says",
        lambda found: found.computed and found.they_say("must be positive integer"),
        "eye",
    ),
    Difference(
        "indices",
        "may be integers of any length, and none at all",
        lambda found: found.computed and found.they_say("Tindices"),
        "gather",
    ),
    Difference(
        "shapes of one number",
        "3 is the shape (3,), as it is where a variable is made",
        lambda found: found.computed and isinstance(found.case.arguments.get("shape"), int),
        "random_bernoulli random_binomial random_normal random_normal_variable random_uniform "
        "random_uniform_variable truncated_normal",
    ),
    Difference(
        "lists of lengths",
        "a list is taken where a tuple is",
        lambda found: found.computed and found.they_say("can only concatenate"),
        "local_conv2d pool2d pool3d",
    ),
    Difference(
        "arrays to convolve",
        "take the dtype of the kernel, and keep their own where there is none",
        lambda found: (
            "as array" in str(found.case)
            and (found.they_say("does not match type", "valid indices") or found.case.op == "pool2d")
        ),
        "conv2d depthwise_conv2d local_conv1d local_conv2d pool2d separable_conv2d",
    ),
    Difference(
        "numbers of lengths",
        "are as many as there are axes, and the kernel is of them; tf_keras ignores the others",
        lambda found: (
            found.says("integer from 1") or found.says("integers from 1") or found.says("expected kernel of shape")
        ),
        "depthwise_conv2d local_conv1d local_conv2d pool3d separable_conv2d",
    ),
    Difference(
        "None, where it is not taken",
        "an argument that is no tensor or number is refused also where the reference happens not to look at it",
        lambda found: found.what == "is refused" and (found.says("got None") or found.says("got string")),
        "binary_focal_crossentropy relu switch",
    ),
    Difference(
        "numbers as branches",
        "are tensors of the other branch's dtype",
        lambda found: found.what == "has dtype float32, not float64",
        "switch",
    ),
    Difference(
        "fractions as integers",
        "a seed, a class or a step is an integer; TensorFlow cuts the fraction off without a word",
        lambda found: found.says("expected an integer") and found.says("; got float"),
        "conv1d conv2d conv3d dropout random_bernoulli random_binomial random_normal random_normal_variable "
        "random_uniform random_uniform_variable sparse_categorical_crossentropy truncated_normal",
    ),
    Difference(
        "tensors as moments",
        "moments, bounds, chances, a part to drop and a number of places are numbers when the symbol is made",
        lambda found: found.says("symbolic> at $.") or found.says("expected a number; got ndarray"),
        "dropout in_top_k random_bernoulli random_binomial random_normal random_uniform truncated_normal",
    ),
    Difference(
        "no strides",
        "1 is said as 1; tf_keras takes None for some of these arguments, too",
        lambda found: (
            found.says("got NoneType None at $.strides") or found.says("got NoneType None at $.dilation_rate")
        ),
        "conv1d conv2d conv3d depthwise_conv2d separable_conv2d",
    ),
    Difference(
        "whole bounds",
        "0.0 is a bound of integers",
        lambda found: found.computed,
        "random_uniform_variable",
    ),
    Difference(
        "the data format",
        "None is the one that is set, as in every other op",
        lambda found: (
            found.computed and found.they_say("Invalid data_format: None", "Invalid `data_format` argument: None")
        ),
        "resize_images resize_volumes",
    ),
)
