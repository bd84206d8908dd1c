#!/bin/sh
# The systemd unit is free of mistakes and as closed as it says. Usage: unit.sh
set -eu

unit=config/systemd/fastrapi-server.service
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# systemd-analyze wants the programs that the unit starts to exist.
mkdir -p "$root/usr/local/bin" "$root/bin" "$root/etc/systemd/system" "$root/usr/lib/systemd/system"
for program in usr/local/bin/fastrapi-server bin/kill; do
    cp /bin/true "$root/$program"
done
cp "$unit" "$root/etc/systemd/system/"
for target in network-online sysinit basic shutdown multi-user; do
    printf '[Unit]\nDescription=%s\n' "$target" > "$root/usr/lib/systemd/system/$target.target"
done

complaints=$(systemd-analyze verify --man=no --root="$root" fastrapi-server.service 2>&1) || {
    echo "$complaints"
    exit 1
}
if [ -n "$complaints" ]; then
    echo "$complaints"
    exit 1
fi
systemd-analyze security --offline=yes --threshold=20 "$unit" | tail -1
echo "ok: the unit verifies"
