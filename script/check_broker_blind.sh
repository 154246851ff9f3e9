#!/usr/bin/env bash
# The broker is blind by construction: no sealing, unsealing, payload or catalogue code is in its binary.
#
#   script/check_broker_blind.sh BIN        the unstripped consign-broker, or the folder that it is in
#
# nm lists functions, data and, because of -a, the names of the source files that were linked. Names that are about the
# public half of sealing (which key a card offers) are not sealing; each is listed here with its reason.
set -euo pipefail

if [ $# -ne 1 ]; then
	echo "usage: script/check_broker_blind.sh BIN" >&2
	exit 2
fi
bin=$1
if [ -d "$bin" ]; then
	bin=$bin/consign-broker
fi

# seal_key(s): the id and validity of a public seal key, on a card and in a manifest. lib/wire reads them.
allowed='seal_keys?'
forbidden='seal|payload|catalogue'

symbols=$(nm -a -- "$bin")
if ! grep -q ' T main$' <<<"$symbols"; then
	echo "consign: error: $bin has no symbols; check it before it is stripped" >&2
	exit 1
fi
found=$(awk '{ print $NF }' <<<"$symbols" | sort -u | sed -E "h; s/$allowed//g; /$forbidden/I!d; g")
if [ -n "$found" ]; then
	echo "consign: error: $bin is not blind; it holds:" >&2
	echo "$found" >&2
	exit 1
fi
