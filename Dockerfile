# The server as a base image. An application's image adds its code and, if it needs any, its packages:
#
#   FROM python:3.11-slim AS packages
#   COPY requirements.txt .
#   RUN python -m venv /app/.venv && /app/.venv/bin/pip install -r requirements.txt
#
#   FROM fastrapi-server
#   COPY --from=packages /app/.venv /app/.venv
#   COPY . /app
#   CMD ["--app", "main:app", "--host", "0.0.0.0", "--port", "8000"]
#
# /app/.venv is found by itself. The image runs with a read-only root file system, too.

# "compiled" builds the binary here; "prebuilt" takes target/release/fastrapi-server as `make build` left it.
ARG BINARY=compiled
ARG BUILD_IMAGE=rust:1-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS compiled
RUN apt-get update \
    && apt-get install -y --no-install-recommends make gcc libpython3.11-dev python3.11-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make binary && cp target/release/fastrapi-server /fastrapi-server

FROM scratch AS prebuilt
COPY target/release/fastrapi-server /fastrapi-server

FROM ${BINARY} AS binary

FROM ${BASE_IMAGE}
RUN groupadd --gid 10001 fastrapi \
    && useradd --uid 10001 --gid fastrapi --no-create-home --home-dir /nonexistent fastrapi \
    && mkdir /app
COPY --from=binary --chmod=0755 /fastrapi-server /usr/local/bin/fastrapi-server
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/fastrapi-server"]
CMD ["--host", "0.0.0.0", "--port", "8000"]
