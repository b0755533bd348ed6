"""Each test has a session of its own, and the same random numbers at each run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from keras import backend as K


@pytest.fixture(autouse=True)
def _fresh_session() -> Iterator[None]:
    K.reset_uids()
    np.random.seed(0)
    yield
    K.clear_session()
    K.set_floatx("float32")
    K.set_epsilon(1e-7)
    K.set_image_data_format("channels_last")
