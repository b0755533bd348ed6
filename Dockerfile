# syntax=docker/dockerfile:1
# Two images: `docker build --target cpu -t kremote:cpu .` and `docker build --target gpu -t kremote:gpu .`
# scripts/check-deploy --install runs the RUN lines below without Docker, read from this file.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# A virtual environment, and the project's metadata with no sources: the dependency layers below
# are built again only when pyproject.toml or README.md changes.
FROM ${PYTHON_IMAGE} AS dependencies
WORKDIR /src
RUN python -m venv /opt/kremote
COPY pyproject.toml README.md LICENSE* ./
RUN mkdir -p client/kremote server/kremote_server proto/kremote_proto \
    && touch client/kremote/__init__.py server/kremote_server/__init__.py proto/kremote_proto/__init__.py

FROM dependencies AS dependencies-cpu
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/kremote/bin/python -m pip install ".[server-cpu]" \
    && /opt/kremote/bin/python -m pip uninstall --yes kremote

FROM dependencies AS dependencies-gpu
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/kremote/bin/python -m pip install ".[server-gpu]" \
    && /opt/kremote/bin/python -m pip uninstall --yes kremote

FROM ${PYTHON_IMAGE} AS wheel
WORKDIR /src
COPY pyproject.toml README.md LICENSE* ./
COPY proto proto
COPY client client
COPY server server
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip wheel --no-deps --wheel-dir /wheels .

FROM ${PYTHON_IMAGE} AS runtime
RUN groupadd --gid 10001 kremote \
    && useradd --uid 10001 --gid kremote --no-create-home --home-dir /tmp --shell /usr/sbin/nologin kremote \
    && install -d -o kremote -g kremote -m 0750 /var/lib/kremote /etc/kremote
# KREMOTE_TOKENS names a file; no secret is in the image.
# HOME is /tmp because the root file system may be read-only: CUDA and Keras write caches there.
# hadolint ignore=DL3064
ENV PATH=/opt/kremote/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    KREMOTE_HOST=0.0.0.0 \
    KREMOTE_PORT=8000 \
    KREMOTE_TOKENS=/etc/kremote/tokens \
    KREMOTE_STATE_DIR=/var/lib/kremote
WORKDIR /var/lib/kremote
VOLUME /var/lib/kremote
EXPOSE 8000
# /healthz, not /readyz: a worker that restarts must not make an orchestrator kill the gateway.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['KREMOTE_PORT']), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["kremote"]
CMD ["serve"]

FROM runtime AS gpu
# Asks the NVIDIA container runtime for the driver; CUDA itself comes with TensorFlow's own wheels.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=dependencies-gpu /opt/kremote /opt/kremote
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    /opt/kremote/bin/python -m pip install --no-cache-dir --no-deps /wheels/*.whl
USER 10001:10001

# Last, so that a build without --target makes this one.
FROM runtime AS cpu
COPY --from=dependencies-cpu /opt/kremote /opt/kremote
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    /opt/kremote/bin/python -m pip install --no-cache-dir --no-deps /wheels/*.whl
USER 10001:10001
