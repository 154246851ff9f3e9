#!/usr/bin/env bash
# Writes the parts of docs/PROTOCOL.md that come from the code: the state table of chapter 7.2, from
# broker/session_table.c, and the field rules of chapter 12, from the program wire-doc.
#
#   script/update_protocol.sh                    with wire-doc of the release build, built first when it is missing
#   script/update_protocol.sh WIRE-DOC           with this wire-doc
#   script/update_protocol.sh --check [WIRE-DOC] changes nothing; exit 1 when the page differs from the code
set -euo pipefail
cd "$(dirname "$0")/.."

page=docs/PROTOCOL.md
check=no
if [ "${1:-}" = --check ]; then
	check=yes
	shift
fi
if [ $# -gt 1 ]; then
	echo "usage: script/update_protocol.sh [--check] [WIRE-DOC]" >&2
	exit 2
fi
wire_doc=${1:-}
if [ -z "$wire_doc" ]; then
	wire_doc=$(find build/release -name wire-doc -type f -perm -u+x -print -quit 2>/dev/null || true)
fi
if [ -z "$wire_doc" ]; then
	script/build release >&2
	wire_doc=$(find build/release -name wire-doc -type f -perm -u+x -print -quit)
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# One row a command, one column a state: "yes" or "–". Rows look like {"fetch", IN(AGENT) | IN(ADMIN)},
state_table() {
	local states=(NEW CHALLENGED AGENT ADMIN JOINING) state line command
	echo "| command | new | challenged | agent | admin | joining |"
	echo "| --- | --- | --- | --- | --- | --- |"
	while IFS= read -r line; do
		command=$(sed -E 's/^ *\{"([a-z_]+)".*/\1/' <<<"$line")
		printf '| `%s` |' "$command"
		for state in "${states[@]}"; do
			if [[ $line == *"IN($state)"* ]]; then
				printf ' yes |'
			else
				printf ' – |'
			fi
		done
		echo
	done < <(grep -E '^ *\{"[a-z_]+", IN\(' broker/session_table.c)
}

# between NAME FILE: the page with what stands between its markers replaced by the file.
between() {
	awk -v begin="<!-- $1:begin -->" -v end="<!-- $1:end -->" -v file="$2" '
		$0 == begin { print; while ((getline line < file) > 0) print line; inside = 1; seen++; next }
		$0 == end { inside = 0; seen++ }
		!inside { print }
		END { exit seen == 2 ? 0 : 1 }'
}

state_table >"$scratch/states"
"$wire_doc" >"$scratch/rules"
if ! between session-table "$scratch/states" <"$page" >"$scratch/half" || ! between wire-doc "$scratch/rules" <"$scratch/half" >"$scratch/page"; then
	echo "consign: error: $page lacks a pair of markers: session-table or wire-doc, begin and end" >&2
	exit 1
fi
if cmp -s "$scratch/page" "$page"; then
	exit 0
fi
if [ $check = yes ]; then
	diff -u "$page" "$scratch/page" | head -n 40 || true
	echo "consign: error: $page differs from the code" >&2
	echo "consign: hint: script/update_protocol.sh writes it anew" >&2
	exit 1
fi
cat "$scratch/page" >"$page"
echo "$page written"
