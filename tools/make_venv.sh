#!/bin/sh
# Makes the virtual environment $1 with the first Python that is new enough.
# Standard shell only: it runs before anything is installed.
set -eu

target=$1
# Versions that the pinned wheels were tried with come first.
for candidate in python3.13 python3.12 python3.11 python3.14 python3 python; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if ! "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        lacking="$candidate"
        continue
    fi
    echo "== Making $target with $("$candidate" --version) ($(command -v "$candidate"))"
    exec "$candidate" -m venv --clear "$target"
done

if [ -n "${lacking:-}" ]; then
    version=$("$lacking" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "Duban: $lacking has no venv module. On Debian and Ubuntu: apt-get install python$version-venv" >&2
else
    echo "Duban needs Python 3.11 or newer; none of python3.11 to python3.14, python3, python is one." >&2
fi
exit 1
