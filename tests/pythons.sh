#!/bin/sh
# pythons.sh PYTHON PYTEST-ARGUMENT...: run pytest on every Python from 3.11 to 3.14 that the host has, but not
# on the version of PYTHON, which runs everything already. Each gets a temporary environment of its own.
set -eu
own=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
shift
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT INT TERM

# find VERSION: a Python of that version, from PATH or from pyenv.
find() {
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python3; do
    if "$candidate" -c '' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

status=0
for version in 3.11 3.12 3.13 3.14; do
  [ "$version" = "$own" ] && continue
  python=$(find "$version")
  if [ -z "$python" ]; then
    echo "Python $version: not on this host"
    continue
  fi
  echo "Python $version: $python"
  if ! "$python" -m venv "$place/$version" ||
    ! "$place/$version/bin/python" -m pip install --quiet --upgrade 'pip>=25.1' ||
    ! "$place/$version/bin/python" -m pip install --quiet . --group dev; then
    echo "Python $version: no environment can be made for it; left out"
    continue
  fi
  "$place/$version/bin/pytest" -p no:cacheprovider "$@" || status=1
done
exit $status
