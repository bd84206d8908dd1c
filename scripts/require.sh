#!/bin/sh
# Checks that the tools named as arguments are there. What is missing is installed where that can be done without
# asking (Debian packages, as root), else the exact command is printed and the exit status is 1.
set -eu

missing=""

want() { # want PACKAGE: notes a Debian package as missing
    case " $missing " in *" $1 "*) ;; *) missing="$missing $1" ;; esac
}

want_command() { # want_command COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || want "$2"
}

system_python() { # the Debian package prefix of the system's Python, or nothing where it is too old
    for candidate in /usr/bin/python3.11 /usr/bin/python3; do
        [ -x "$candidate" ] || continue
        "$candidate" -c 'import sys
if sys.version_info >= (3, 11): print("python%d.%d" % sys.version_info[:2])'
        return
    done
    if [ ! -x /usr/bin/python3 ]; then echo python3; fi
}

check_python() {
    [ -z "${PYTHON:-}" ] || return 0
    package=$(system_python)
    [ -n "$package" ] || return 0
    [ -x "/usr/bin/$package" ] || want "$package"
    if [ "$package" = python3 ]; then want libpython3-dev; want python3-venv; return; fi
    ls /usr/lib/"$package"/config-*/libpython*.a >/dev/null 2>&1 || want "lib$package-dev"
    "/usr/bin/$package" -c 'import ensurepip' 2>/dev/null || want "$package-venv"
}

check_rust() {
    rust=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
    if [ -n "$rust" ] && [ "$(printf '1.85\n%s\n' "$rust" | sort -V | head -n 1)" = 1.85 ]; then return; fi
    echo "error: Rust 1.85 or later is missing${rust:+ (cargo $rust is there)}" >&2
    echo "hint: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y && . \"\$HOME/.cargo/env\"" >&2
    exit 1
}

for need in "$@"; do
    case "$need" in
        build)
            check_rust
            want_command cc gcc
            want_command strip binutils
            [ -e /usr/include/stdlib.h ] || want libc6-dev
            check_python
            ;;
        redis) want_command redis-server redis-server ;;
        curl) want_command curl curl ;;
        image) want_command buildah buildah; want_command debootstrap debootstrap ;;
        systemd) want_command systemd-analyze systemd ;;
        bench) want_command wrk wrk ;;
        valgrind) want_command valgrind valgrind ;;
        root)
            if [ "$(id -u)" -ne 0 ]; then
                echo "error: this target needs root" >&2
                echo "hint: sudo make ${TARGET:-}" >&2
                exit 1
            fi
            ;;
        *) echo "error: unknown requirement $need" >&2; exit 2 ;;
    esac
done

[ -n "$missing" ] || exit 0
command="apt-get install -y --no-install-recommends$missing"
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" -eq 0 ]; then
        echo "installing:$missing" >&2
        apt-get update -q >&2 && DEBIAN_FRONTEND=noninteractive $command >&2 && exit 0
    elif sudo -n true 2>/dev/null; then
        echo "installing with sudo:$missing" >&2
        sudo -n apt-get update -q >&2 && sudo -n DEBIAN_FRONTEND=noninteractive $command >&2 && exit 0
    fi
fi
echo "error: these packages are missing:$missing" >&2
echo "hint: sudo apt-get update && sudo $command" >&2
exit 1
