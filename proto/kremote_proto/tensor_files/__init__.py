"""Files of named tensors, written and read one tensor at a time: `.safetensors` and `.npz`."""

from .formats import Format, TensorFile, format_of, opened
from .replacing import replaced

__all__ = ["Format", "TensorFile", "format_of", "opened", "replaced"]
