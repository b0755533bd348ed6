"""`tf_keras.backend` as an engine: every case of every conformance row whose op it has."""

from __future__ import annotations

import numpy as np
import pytest

from kremote_proto.errors import Unsupported
from kremote_proto.op import CATALOGUE
from kremote_server.engines.engine import Engine
from kremote_server.engines.loading import load_engine

from ...conformance.calling import arrays, complete, expected
from ...conformance.rows import ROWS, Row, draw

EACH = [pytest.param(row, id=f"{row.op}-{i}") for i, row in enumerate(ROWS) if row.keras]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("tf_keras.backend")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", EACH)
def test_it_computes(engine: Engine, row: Row) -> None:
    for dtype in row.dtypes:
        for one in row.cases:
            arguments = draw(one.arguments, dtype, f"{row.op} {one.name}")
            run = engine.find(CATALOGUE[row.op])
            result = engine.fetch(run(**complete(row.op, arrays(arguments, engine.tensor))))
            np.testing.assert_allclose(
                np.asarray(result, "float64"),
                np.asarray(expected(row, arguments), "float64"),
                1e-4,
                1e-4,
                err_msg=f"{one.name} {dtype}",
            )


def test_what_the_module_lacks_is_said(engine: Engine) -> None:
    with pytest.raises(Unsupported, match="has no logsumexp"):
        engine.find(CATALOGUE["logsumexp"])
