#!/bin/sh
# Lists the project's headers, as paths from its root.
cd "$1" && find . -name 'build*' -prune -o -name '.?*' -prune -o -name '*.hh' -print |
  sed 's|^\./||' | LC_ALL=C sort
