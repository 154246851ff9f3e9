#!/usr/bin/env bash
# Writes docs/CATALOGUE.md: what the program catalogue-doc prints, which reads it from the tables of lib/catalogue.
#
#   script/update_catalogue.sh                         with catalogue-doc of the release build, built first when it is missing
#   script/update_catalogue.sh CATALOGUE-DOC           with this catalogue-doc
#   script/update_catalogue.sh --check [CATALOGUE-DOC] changes nothing; exit 1 when the page differs from the tables
set -euo pipefail
cd "$(dirname "$0")/.."

page=docs/CATALOGUE.md
check=no
if [ "${1:-}" = --check ]; then
	check=yes
	shift
fi
if [ $# -gt 1 ]; then
	echo "usage: script/update_catalogue.sh [--check] [CATALOGUE-DOC]" >&2
	exit 2
fi
catalogue_doc=${1:-}
if [ -z "$catalogue_doc" ]; then
	catalogue_doc=$(find build/release -name catalogue-doc -type f -perm -u+x -print -quit 2>/dev/null || true)
fi
if [ -z "$catalogue_doc" ]; then
	script/build release >&2
	catalogue_doc=$(find build/release -name catalogue-doc -type f -perm -u+x -print -quit)
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$catalogue_doc" >"$scratch/page"
if cmp -s "$scratch/page" "$page"; then
	exit 0
fi
if [ $check = yes ]; then
	diff -u "$page" "$scratch/page" | head -n 40 || true
	echo "consign: error: $page differs from the tables of lib/catalogue" >&2
	echo "consign: hint: script/update_catalogue.sh writes it anew" >&2
	exit 1
fi
cat "$scratch/page" >"$page"
echo "$page written"
