#!/bin/sh
# The Dockerfile makes an image, and an application's image on top of it serves requests as a user that is not root.
# Neither a container engine nor an image registry is needed: the base is made with debootstrap. Usage: image.sh
set -eu

here=$(dirname "$0")
. "$here/serving.sh"
work=target/image
mkdir -p "$work"
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
storage=$(mktemp -d)
buildah_() { buildah --root "$storage/root" --runroot "$storage/run" --storage-driver vfs "$@"; }
server=
container=
descendants() ( # innermost first; in a subshell, as each call needs variables of its own
    for child in $(ps -o pid= --ppid "$1"); do
        descendants "$child"
        echo "$child"
    done
)
stop() {
    # buildah does not pass signals on to what it runs; the server's first process is told itself.
    for process in $([ -z "$server" ] || descendants "$server"); do
        if [ "$(ps -o comm= -p "$process")" = fastrapi-server ]; then outermost=$process; fi
    done
    [ -z "${outermost:-}" ] || kill -TERM "$outermost" || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    [ -z "$container" ] || buildah_ rm "$container" >/dev/null 2>&1 || true
    rm -rf "$storage"
}
trap stop EXIT INT TERM

if [ ! -f "$work/base.tar" ]; then
    debootstrap --variant=minbase bookworm "$work/base" >"$work/debootstrap.log" 2>&1 || {
        tail "$work/debootstrap.log" >&2
        exit 1
    }
    rm -rf "$work"/base/var/cache/apt/archives/*.deb "$work"/base/var/lib/apt/lists/*
    tar -C "$work/base" -cf "$work/base.tar.new" .
    mv "$work/base.tar.new" "$work/base.tar"
    rm -rf "$work/base"
fi

base=$(buildah_ from scratch)
buildah_ add --quiet "$base" "$work/base.tar" / >/dev/null
buildah_ commit --quiet "$base" docker.io/library/debian:bookworm-slim >/dev/null
buildah_ rm "$base" >/dev/null

buildah_ bud --quiet --pull-never --isolation chroot --network host --build-arg BINARY=prebuilt \
    --build-arg BASE_IMAGE=docker.io/library/debian:bookworm-slim \
    --tag fastrapi-server . >/dev/null
echo "ok: built $(buildah_ images --format '{{.Size}}' localhost/fastrapi-server:latest | head -1) image"

port=$((20000 + $$ % 20000))
context="$storage/context"
mkdir -p "$context"
cp -r examples/search "$context/app"
rm -rf "$context/app/tests"
mkdir -p "$context/app/.venv/lib"
cp .venv/pyvenv.cfg "$context/app/.venv/"
cp -r .venv/lib/python3.* "$context/app/.venv/lib/"
cat > "$context/Dockerfile" <<APPLICATION
FROM localhost/fastrapi-server:latest
COPY --chown=10001:10001 app /app
CMD ["--app", "app:app", "--host", "127.0.0.1", "--port", "$port"]
APPLICATION
buildah_ bud --quiet --pull-never --isolation chroot --network host --tag application "$context" >/dev/null
container=$(buildah_ from --pull-never localhost/application:latest)

inspect() { buildah_ inspect --type image --format "$1" localhost/application:latest; }
user=$(inspect '{{.OCIv1.Config.User}}')
if [ "$user" != 10001:10001 ]; then
    echo "error: the image runs as '$user'" >&2
    exit 1
fi
# The image's own entry point and arguments, in exec form: one word a line.
words=$(inspect '{{range .OCIv1.Config.Entrypoint}}{{println .}}{{end}}{{range .OCIv1.Config.Cmd}}{{println .}}{{end}}')
set -f
# shellcheck disable=SC2086 # no word of it contains a blank
buildah --root "$storage/root" --runroot "$storage/run" --storage-driver vfs run --isolation chroot \
    --network host "$container" -- $words &
server=$!
set +f
check_search "http://127.0.0.1:$port" "$server"
echo "ok: served from inside the image"
