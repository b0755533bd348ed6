"""K's settings while the program runs: floatx, epsilon, image data format, unique numbers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import MutableMapping
from typing import Any

import numpy as np

from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.handles import Tensor

from .parameter_names import also_named
from .settings import FLOATX_CHOICES, IMAGE_DATA_FORMATS, current_settings

_start = current_settings()
#: The settings that ops read; `op.pack` takes them from here at each call.
op_settings: MutableMapping[str, Any] = {
    "floatx": _start.floatx,
    "epsilon": _start.epsilon,
    "image_data_format": _start.image_data_format,
}
_flags: dict[str, Any] = {"manual_variable_initialization": False}
_uids: Counter[str] = Counter()
_uids_lock = threading.Lock()


def keep_settings_in(settings: MutableMapping[str, Any]) -> None:
    """Have the settings kept elsewhere from now on."""
    global op_settings
    op_settings = settings


def epsilon() -> float:
    """The fuzz factor that keeps divisions and logarithms away from zero.

    Example:
        >>> K.epsilon()
        1e-07
    """
    return float(op_settings["epsilon"])


@also_named(value="e")
def set_epsilon(e: float) -> None:
    """Set the fuzz factor.

    Args:
        e: the new value.

    Raises:
        ValueError: when `e` is not a number.

    Example:
        >>> K.set_epsilon(1e-05)
        >>> K.epsilon()
        1e-05
    """
    try:
        op_settings["epsilon"] = float(e)
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"expected a number as epsilon; got {e!r}") from error


def floatx() -> str:
    """The name of the default float type.

    Example:
        >>> K.floatx()
        'float32'
    """
    return str(op_settings["floatx"])


@also_named(value="floatx")
def set_floatx(floatx: str) -> None:
    """Set the default float type.

    Args:
        floatx: 'float16', 'float32' or 'float64'.

    Raises:
        ValueError: for any other value.

    Example:
        >>> K.set_floatx("float16")
        >>> K.floatx()
        'float16'
    """
    if floatx not in FLOATX_CHOICES:
        raise InvalidValue(f"expected a floatx, one of {', '.join(FLOATX_CHOICES)}; got {floatx!r}")
    op_settings["floatx"] = str(floatx)


def cast_to_floatx(x: Any) -> Any:
    """Cast a numpy array (or a handle) to the default float type.

    Args:
        x: array, list, number or handle.

    Returns:
        A numpy array of the default float type; a handle for a handle.

    Example:
        >>> K.cast_to_floatx(np.array([1.0, 2.0])).dtype
        dtype('float32')
    """
    if isinstance(x, Tensor):
        from .backend import cast

        return cast(x, floatx())
    return np.asarray(x, dtype=floatx())


def image_data_format() -> str:
    """The default order of an image's axes, 'channels_last' or 'channels_first'.

    Example:
        >>> K.image_data_format()
        'channels_last'
    """
    return str(op_settings["image_data_format"])


def set_image_data_format(data_format: str) -> None:
    """Set the default order of an image's axes.

    Args:
        data_format: 'channels_first' or 'channels_last'.

    Raises:
        ValueError: for any other value.

    Example:
        >>> K.set_image_data_format("channels_first")
        >>> K.image_data_format()
        'channels_first'
    """
    if data_format not in IMAGE_DATA_FORMATS:
        raise InvalidValue(f"expected a data format, one of {', '.join(IMAGE_DATA_FORMATS)}; got {data_format!r}")
    op_settings["image_data_format"] = str(data_format)


def normalize_data_format(value: str | None) -> str:
    """A data format in lower case; the default one for None.

    Args:
        value: None, 'channels_first' or 'channels_last' in any case.

    Raises:
        ValueError: for any other value.

    Example:
        >>> K.normalize_data_format("Channels_First")
        'channels_first'
    """
    if value is None:
        return image_data_format()
    if not isinstance(value, str):
        raise InvalidType(f"expected a data format, one of {', '.join(IMAGE_DATA_FORMATS)}; got {value!r}")
    if value.lower() not in IMAGE_DATA_FORMATS:
        raise InvalidValue(f"expected a data format, one of {', '.join(IMAGE_DATA_FORMATS)}; got {value!r}")
    return value.lower()


def manual_variable_initialization(value: bool) -> None:
    """Say whether the program initialises variables itself; by default each is when it is made.

    Args:
        value: Python boolean.

    Example:
        >>> K.manual_variable_initialization(False)
    """
    _flags["manual_variable_initialization"] = bool(value)


def get_uid(prefix: str = "") -> int:
    """The next number of a prefix, from 1 on.

    Args:
        prefix: any text.

    Example:
        >>> K.get_uid("dense"), K.get_uid("dense")
        (1, 2)
    """
    with _uids_lock:
        _uids[prefix] += 1
        return _uids[prefix]


def reset_uids() -> None:
    """Let the numbers of every prefix start from 1 again.

    Example:
        >>> K.reset_uids()
        >>> K.get_uid("dense")
        1
    """
    _uids.clear()


def reset_configuration() -> None:
    """Go back to what the settings said when the process started."""
    start = current_settings()
    for name in op_settings:
        op_settings[name] = getattr(start, name)
    _flags.update(manual_variable_initialization=False)
    reset_uids()
