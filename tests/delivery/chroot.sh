#!/bin/sh
# The standalone binary serves examples/search in a directory that holds nothing but itself, glibc with libgcc_s, and
# the example with its packages: no Python, no /proc, no other library. Usage: chroot.sh BINARY VENV
set -eu

binary=$1
venv=$2
here=$(dirname "$0")
. "$here/serving.sh"

if ldd "$binary" | grep libpython; then
    echo "error: the binary needs a shared libpython, which this directory must not hold" >&2
    exit 1
fi

root=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$root"
}
trap stop EXIT INT TERM

# mktemp's directory is closed to others, and the server is to run as nobody.
chmod 755 "$root"
mkdir -p "$root/app" "$root/etc" "$root/tmp"
chmod 1777 "$root/tmp"
cp "$binary" "$root/fastrapi-server"
libraries=$(dirname "$(ldd "$binary" | sed -n 's/.*=> \(.*\/libc\.so\.6\) .*/\1/p')")
loader=$(ldd "$binary" | sed -n 's/^[[:space:]]*\(\/.*\/ld-linux[^ ]*\) .*/\1/p')
mkdir -p "$root$libraries" "$root$(dirname "$loader")"
cp -L "$loader" "$root$loader"
for name in c m dl pthread rt util resolv gcc_s nss_files nss_dns; do
    for library in "$libraries/lib$name".so.*; do
        [ ! -e "$library" ] || cp -L "$library" "$root$libraries/"
    done
done

# The environment without its interpreter and without our wheel: the binary brings both.
cp -r examples/search/. "$root/app"
rm -rf "$root"/app/tests "$root"/app/*.db
packages=$(cd "$venv" && echo lib/python3.*/site-packages)
mkdir -p "$root/app/.venv/$(dirname "$packages")"
cp "$venv/pyvenv.cfg" "$root/app/.venv/"
cp -r "$venv/$packages" "$root/app/.venv/$packages"
for unwanted in fastrapi fastrapi_server pip setuptools pydantic_core pydantic annotated_types typing_inspection uvloop; do
    rm -rf "$root/app/.venv/$packages/$unwanted" "$root/app/.venv/$packages/$unwanted"-*
done
chown -R nobody "$root/app"

port=$((20000 + $$ % 20000))
env -i /usr/sbin/chroot --userspec=nobody "$root" /fastrapi-server --app app:app --app-dir /app \
    --host 127.0.0.1 --port "$port" &
server=$!
check_search "http://127.0.0.1:$port" "$server"

kill -TERM "$server"
status=0
wait "$server" || status=$?
server=
if [ "$status" -ne 0 ]; then
    echo "error: the server ended with status $status" >&2
    exit 1
fi
echo "ok: served and stopped in a chroot without Python"
