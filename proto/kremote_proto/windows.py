"""Windows that move along an image's axes: what their arguments may be, and the lengths that are left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .errors import InvalidValue, shown
from .shapes import window
from .specs import Shape, Spec

#: What engines hold a stride, a window and a dilation in: a signed integer of 32 bits.
LONGEST = 2**31 - 1
_COUNTED = {1: "one integer", 2: "two integers", 3: "three integers"}
_AXES = {1: "steps", 2: "rows, columns", 3: "planes, rows, columns"}


class Image(NamedTuple):
    """What is known of a batch of images, wherever its channels are; `lead` is a batch of several axes at times."""

    lead: Shape
    lengths: Shape
    channels: int | None

    def arranged(self, data_format: str) -> Shape:
        """The shape in a data format."""
        if data_format == "channels_last":
            return (*self.lead, *self.lengths, self.channels)
        return (*self.lead, self.channels, *self.lengths)


def image(x: Spec, count: int, data_format: str, name: str = "x", *, several: bool = False) -> Image:
    """The image of an operand with `count` axes that windows move along; `several` lets its batch have more axes."""
    shape = (None,) * (count + 2) if x.shape is None else x.shape
    last = data_format == "channels_last"
    if len(shape) < count + 2 or (len(shape) > count + 2 and not (several and last)):
        raise InvalidValue(f"expected {name} of rank {count + 2}; got {x}")
    if last:
        return Image(shape[: -count - 1], shape[-count - 1 : -1], shape[-1])
    return Image(shape[:1], shape[2:], shape[1])


def kernel_shape(kernel: Spec, count: int, name: str = "kernel", last: str = "channels, filters") -> Shape:
    """The shape of a kernel; raises where it has another rank or no elements."""
    if kernel.shape is None:
        return (None,) * (count + 2)
    if len(kernel.shape) != count + 2 or 0 in kernel.shape:
        axes = f"({_AXES[count]}, {last})"
        raise InvalidValue(f"expected {name} of rank {count + 2}, {axes}, each at least 1; got {kernel}")
    return kernel.shape


def per_axis(numbers: int | Sequence[int], count: int) -> tuple[int, ...]:
    """A number for each axis; a single one stands for all.

    >>> per_axis(2, 3), per_axis([1, 2], 2)
    ((2, 2, 2), (1, 2))
    """
    each = (numbers,) if isinstance(numbers, int) else tuple(numbers)
    return each * count if len(each) == 1 else each


def check_numbers(count: int, **named: Sequence[int]) -> None:
    """Refuse strides, windows or distances that are not one positive number for each axis."""
    for name, numbers in named.items():
        if len(numbers) != count or not all(1 <= number <= LONGEST for number in numbers):
            raise InvalidValue(f"expected {name} as {_COUNTED[count]} from 1 to 2**31 - 1; got {shown(numbers)}")


def check_padding(padding: str, *, causal: bool = False) -> None:
    """Refuse a padding that an op does not have."""
    if padding not in ("valid", "same") and not (causal and padding == "causal"):
        allowed = "'valid', 'same' or 'causal'" if causal else "'valid' or 'same'"
        raise InvalidValue(f"expected padding {allowed}; got {padding!r}")


def check_one_of_both(strides: Sequence[int], dilation_rate: Sequence[int]) -> None:
    """Refuse strides and dilation that are both above 1: no engine computes these."""
    if max(strides) > 1 and max(dilation_rate) > 1:
        raise InvalidValue(
            f"expected strides or dilation_rate of 1 on every axis; got {tuple(strides)} and {tuple(dilation_rate)}"
        )


def places(
    lengths: Shape, size: Shape, strides: Sequence[int], padding: str, dilation: Sequence[int] = (1, 1, 1)
) -> Shape:
    """How many windows there are along each axis.

    >>> places((5, None), (2, 2), (2, 1), "valid"), places((5,), (2,), (2,), "causal")
    ((2, None), (3,))
    """
    fitting = "same" if padding == "causal" else padding
    axes = zip(lengths, size, strides, dilation, strict=False)
    return tuple(window(length, n, stride, fitting, distance) for length, n, stride, distance in axes)


class Reach(NamedTuple):
    """The elements of a kernel that meet an image, and what is added before and after the image for them."""

    first: Any
    last: Any
    before: Any
    after: Any


def reach(
    length: Any,
    size: Any,
    distance: Any,
    padding: str,
    smaller: Callable[[Any, Any], Any] = min,
    larger: Callable[[Any, Any], Any] = max,
) -> Reach:
    """What of a kernel meets an image along an axis, for stride 1: work and memory stay those of the image.

    An engine whose lengths are tensors gives its own `smaller` and `larger`.

    >>> reach(5, 3, 2, "same"), reach(5, 1001, 2, "causal")
    (Reach(first=0, last=2, before=2, after=2), Reach(first=998, last=1000, before=4, after=0))
    """
    before = (size - 1) * distance if padding == "causal" else (size - 1) * distance // 2
    first = larger(0, smaller((before - length + distance) // distance, before // distance))
    last = smaller(size - 1, larger((before + length - 1) // distance, -(-before // distance)))
    return Reach(first, last, before - first * distance, last * distance - before)
