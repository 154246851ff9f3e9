# shellcheck shell=bash
# A hub of real processes, for end-to-end tests. Sourced, not run:
#
#   #!/usr/bin/env bash
#   # The sentence that the test proves.
#   # quick asan
#   . "$(dirname "$0")/../support/hub.sh"
#   hub_make acme globalcro           a hub, its broker, these companies joined and approved, all daemons running
#   policy_for_all S1                 everybody may send x.* to everybody in study S1
#   id=$(as acme send --to globalcro --study S1 --type x.note --file note.txt --wait delivered)
#
# Everything lies in $WORK: hub (administrator), hub/broker, a home for each company, logs/NAME.log. Daemons are known by
# name: `broker`, or the company's id. At the end, however the test ends, those still running are ended; after success
# each must end by SIGTERM with status 0, and the folder goes; after failure it stays, and where it is is printed.
#
# Nothing here sleeps for a fixed time to let something happen: wait_until asks for the condition itself, with a deadline.
set -Eeuo pipefail

CONSIGN_SOURCE_DIR=${CONSIGN_SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
CONSIGN_BIN=${CONSIGN_BIN:-$CONSIGN_SOURCE_DIR/build/release/bin}
CONSIGN_SHIMS=${CONSIGN_SHIMS:-$CONSIGN_BIN}
SANITIZER=${CONSIGN_SANITIZER:-}
unset CONSIGN_HOME CREDENTIALS_DIRECTORY

WORK=$(mktemp -d "${TMPDIR:-/tmp}/hub.XXXXXX")
mkdir "$WORK/logs"
mkfifo "$WORK/never"
exec {NEVER}<>"$WORK/never" # nobody writes to it: reading it with a time limit is a pause
declare -A PID=()
COMPANIES=()
BEGUN=$EPOCHREALTIME
COVERAGE=$(grep -s -- --coverage "$CONSIGN_BIN/../CMakeCache.txt" || true)
SLOWER=1 # what a sanitizer makes of a bound that is claimed
[ -z "$SANITIZER" ] || SLOWER=4
PATIENCE=$((6 * SLOWER)) # deadlines grow by this: a machine that is busy, or whose disk stalls, breaks no promise by it

# ── words ──

# What the test is about to show, with the seconds since its start.
say() {
	printf '%6.1f s  %s\n' "$(seconds_since "$BEGUN")" "$*"
}

# Seconds since a value of EPOCHREALTIME, with fraction.
seconds_since() {
	local now=$EPOCHREALTIME
	local us=$((${now/[.,]/} - ${1/[.,]/}))
	printf '%d.%06d' $((us / 1000000)) $((us % 1000000))
}

milliseconds_since() {
	local now=$EPOCHREALTIME
	echo $(((${now/[.,]/} - ${1/[.,]/}) / 1000))
}

# Ends the test. Not in a sub-shell: there it only fails the command it stands in.
fail() {
	local i
	trap - ERR
	{
		echo "FAILED: $*"
		for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
			echo "    at ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}${FUNCNAME[i]:+ (${FUNCNAME[i]})}"
		done
	} >&2
	exit 1
}
trap 'fail "$BASH_COMMAND ended with status $?"' ERR

skip() {
	echo "SKIPPED: $*"
	exit 77
}

# ── waiting ──

pause() {
	read -r -t "$1" -u "$NEVER" _ || true
}

# wait_until SECONDS WHAT COMMAND...: asks the command again and again until it succeeds, PATIENCE times as long as it should take at
# most. WHAT is said when it never does.
wait_until() {
	local limit_ms=$(($1 * 1000 * PATIENCE)) what=$2 from=$EPOCHREALTIME
	shift 2
	until "$@" >/dev/null 2>&1; do
		if [ "$(milliseconds_since "$from")" -gt "$limit_ms" ]; then
			fail "waited $((limit_ms / 1000)) s in vain for $what"
		fi
		pause 0.03
	done
}

# ── the command ──

# A change wants a reason: one that is about something else gets this one.
as() {
	local org=$1 why=()
	shift
	case "${1:-} ${2:-}" in
	"org suspend" | "org resume" | "org end" | "org compromised" | "policy apply" | "policy allow" | "policy forbid" | "policy revoke" | \
		"policy edit" | "policy rollback" | "study add" | "study close" | "party "* | "quota set" | "quota clear" | "admin add" | \
		"admin replace" | "admin remove" | "admin threshold" | "hub move" | "freshness delegate")
		[[ " $* " == *" --reason "* ]] || why=(--reason "for a test")
		;;
	esac
	"$CONSIGN_BIN/consign" --home "$WORK/$org" "$@" "${why[@]}"
}

admin() {
	as hub "$@"
}

# expect STATUS COMMAND...: the command must end so. Its output is in $OUT, its words in $ERR.
expect() {
	local wanted=$1 status=0
	shift
	OUT=$("$@" 2>"$WORK/stderr") || status=$?
	ERR=$(<"$WORK/stderr")
	if [ $status -ne "$wanted" ]; then
		fail "expected status $wanted, got $status from: $*
    stdout: ${OUT:0:400}
    stderr: ${ERR:0:800}"
	fi
}

# equal EXPECTED GOT WHAT
equal() {
	[ "$1" = "$2" ] || fail "$3: expected '${1:0:300}', got '${2:0:300}'"
}

# contains TEXT PART WHAT
contains() {
	case "$1" in
	*"$2"*) ;;
	*) fail "$3: expected '$2' in '${1:0:600}'" ;;
	esac
}

# lacks TEXT PART WHAT
lacks() {
	case "$1" in
	*"$2"*) fail "$3: did not expect '$2' in '${1:0:600}'" ;;
	esac
}

state_of() {
	as "$1" track "$2" --json | jq -r .state
}

# is_state ORG ID STATE: what the consignor ORG knows of its message.
is_state() {
	[ "$(state_of "$1" "$2")" = "$3" ]
}

inbox_ids() {
	local org=$1
	shift
	as "$org" inbox --json "$@" | jq -r .id
}

inbox_count() {
	as "$1" inbox --json | wc -l
}

has_in_inbox() {
	[ "$(inbox_count "$1")" -ge "$2" ]
}

# ── daemons ──

healthz() {
	local line answer
	answer=$({
		exec {web}<>"/dev/tcp/127.0.0.1/$METRICS_PORT" &&
			printf 'GET /healthz HTTP/1.0\r\n\r\n' >&"$web" &&
			read -r -t 2 -u "$web" line && echo "$line"
	} 2>/dev/null) || return 1
	[[ $answer == *" 200 "* ]]
}

# metric NAME[{LABELS}]: a number of the broker's.
metric() {
	curl -sf "http://127.0.0.1:$METRICS_PORT/metrics" | awk -v name="$1" '$1 == name { print $2 }'
}

is_running() {
	[ -n "${PID[$1]:-}" ] && kill -0 "${PID[$1]}" 2>/dev/null
}

answers() {
	if [ "$1" = broker ]; then
		healthz
	else
		as "$1" status
	fi
}

is_connected() {
	as "$1" status --json | jq -e '.connection == "up"'
}

answers_or_ended() {
	answers "$1" || ! is_running "$1"
}

# A preloaded library and a coverage build write outside of the home, which a daemon by itself gives up.
unconfine() {
	case "$*" in
	*LD_PRELOAD=*) ;;
	*) [ -n "$COVERAGE" ] || return 0 ;;
	esac
	grep -q '^confine:' "$1/config.yaml" || echo 'confine: "no"' >>"$1/config.yaml"
}

# spawn NAME [VARIABLE=VALUE...] [-- ARGUMENTS...]: does not wait for it.
spawn() {
	local name=$1 variables=() program home
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	if is_running "$name"; then
		fail "$name runs already"
	fi
	program=consign-agent home=$WORK/$name
	if [ "$name" = broker ]; then
		program=consign-broker home=$WORK/hub/broker
	fi
	unconfine "$home" "${variables[@]}"
	env "${variables[@]}" "$CONSIGN_BIN/$program" --home "$home" "$@" >>"$WORK/logs/$name.log" 2>&1 </dev/null &
	PID[$name]=$!
}

# As spawn, and it answers: the broker its health, an agent its socket.
start() {
	spawn "$@"
	wait_until 20 "$1 to answer" answers_or_ended "$1"
	if ! is_running "$1"; then
		fail "$1 ended at its start: $(tail -n 3 "$WORK/logs/$1.log")"
	fi
}

# stop NAME [SIGNAL]: asks it to end; it must, with status 0, within a deadline.
stop() {
	local name=$1 status=0
	kill "-${2:-TERM}" "${PID[$name]}"
	wait_until 20 "$name to stop" is_gone "${PID[$name]}"
	wait "${PID[$name]}" || status=$?
	unset "PID[$name]"
	if [ $status -ne 0 ]; then
		fail "$name ended with status $status: $(tail -n 3 "$WORK/logs/$name.log")"
	fi
}

# A child that has ended stays a zombie until it is waited for.
is_gone() {
	local line
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
	[[ ${line##*) } == Z* ]]
}

# As the power going out, for this process.
crash() {
	{ kill -KILL "${PID[$1]}" && wait "${PID[$1]}"; } 2>/dev/null || true # in one: bash tells of killed children
	unset "PID[$1]"
}

# ── hubs ──

# Below the range from which the kernel takes ports for connections.
free_port() {
	local port
	while :; do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		if ! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
}

# hub_init [OPTIONS...]: homes of administrator and broker.
hub_init() {
	PORT=$(free_port)
	METRICS_PORT=$(free_port)
	[ $# -gt 0 ] || set -- --no-passphrase
	admin hub init --name "Test hub" --endpoint "tcp://127.0.0.1:$PORT" --metrics "127.0.0.1:$METRICS_PORT" "$@" \
		>>"$WORK/logs/setup.log" 2>&1 || fail "hub init: $(tail -n 3 "$WORK/logs/setup.log")"
}

# hub_join ORG [OPTIONS...]: invited, joined, approved by the fingerprint that the company reads out. Not started.
hub_join() {
	local org=$1 words
	shift
	[ $# -gt 0 ] || set -- --no-passphrase
	admin org invite "$org" >"$WORK/$org.invite" 2>>"$WORK/logs/setup.log" || fail "org invite $org: $(tail -n 3 "$WORK/logs/setup.log")"
	as "$org" join "$WORK/$org.invite" "$@" >>"$WORK/logs/setup.log" 2>&1 || fail "join $org: $(tail -n 3 "$WORK/logs/setup.log")"
	words=$(as "$org" fingerprint)
	admin org approve "$org" --fingerprint "$words" >>"$WORK/logs/setup.log" 2>&1 ||
		fail "org approve $org: $(tail -n 3 "$WORK/logs/setup.log")"
	COMPANIES+=("$org")
}

# hub_make ORG...
hub_make() {
	local org
	hub_init
	start broker
	for org in "$@"; do
		hub_join "$org"
		spawn "$org"
	done
	for org in "$@"; do
		wait_until 20 "$org to answer" answers_or_ended "$org"
		is_running "$org" || fail "$org ended at its start: $(tail -n 3 "$WORK/logs/$org.log")"
	done
}

# policy_apply FILE FROM TO STUDY TYPE: put in force, and every company that runs permits that question of its own.
policy_apply() {
	admin policy apply "$1" --reason "for a test" >>"$WORK/logs/setup.log" 2>&1 ||
		fail "policy apply: $(tail -n 3 "$WORK/logs/setup.log")"
}

# permits ORG TO STUDY TYPE [OPTIONS...]: what ORG itself knows of the policy.
permits() {
	local org=$1 to=$2 study=$3 type=$4
	shift 4
	as "$org" policy explain --from "$org" --to "$to" --study "$study" --type "$type" "$@"
}

# policy_for_all STUDY...: every company is a party to each and may send x.* to every other. Waits until each knows.
policy_for_all() {
	local study org other role file=$WORK/policy-for-all.yaml roles=(sponsor cro cdmo smo) i
	{
		echo "version: 1"
		echo "studies:"
		for study in "$@"; do
			echo "  - id: $study"
			echo "    parties:"
			i=0
			for org in "${COMPANIES[@]}"; do
				role=${roles[i++ % 4]}
				echo "      - {org: $org, roles: [$role], clearance: unblinded}"
			done
		done
		echo "rules:"
		echo "  - {id: all, permit: [x.*]}"
	} >"$file"
	policy_apply "$file"
	for org in "${COMPANIES[@]}"; do
		other=${COMPANIES[0]}
		[ "$org" != "$other" ] || other=${COMPANIES[1]}
		for study in "$@"; do
			wait_until 10 "$org to learn of study $study" permits "$org" "$other" "$study" x.any
		done
	done
}

# ── the end ──

reports_of_sanitizers() {
	grep -rlE 'ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|: runtime error: ' "$WORK/logs" 2>/dev/null
}

# Runs once, at exit. Keeps the status of a test that failed.
finish() {
	local status=$? name
	trap - EXIT ERR
	set +e
	if [ $status -eq 0 ]; then
		(for name in "${!PID[@]}"; do
			is_running "$name" || fail "$name had ended by itself: $(tail -n 3 "$WORK/logs/$name.log")"
		done) || status=1
	fi
	for name in "${!PID[@]}"; do
		kill -TERM "${PID[$name]}" 2>/dev/null
	done
	for name in "${!PID[@]}"; do
		end_one "$name" $status || status=1
	done
	for name in $(jobs -pr); do # what else the test had started
		kill "$name" 2>/dev/null
	done
	if [ $status -eq 0 ] && reports_of_sanitizers; then
		status=1
	fi
	if [ $status -eq 0 ] || [ $status -eq 77 ]; then
		[ $status -eq 77 ] || say "done"
		rm -rf "$WORK"
	else
		say_wreck
	fi
	exit $status
}

# end_one NAME STATUS: a daemon that was told to end. After a success it must end well.
end_one() {
	local name=$1 from=$EPOCHREALTIME code=0
	until is_gone "${PID[$name]}"; do
		if [ "$(milliseconds_since "$from")" -gt $((10000 * PATIENCE)) ]; then
			echo "FAILED: $name does not end by SIGTERM" >&2
			kill -KILL "${PID[$name]}"
			wait "${PID[$name]}" 2>/dev/null
			return 1
		fi
		pause 0.02
	done
	wait "${PID[$name]}" 2>/dev/null || code=$?
	if [ "$2" -eq 0 ] && [ $code -ne 0 ]; then
		echo "FAILED: $name ended with status $code: $(tail -n 3 "$WORK/logs/$name.log")" >&2
		return 1
	fi
}

say_wreck() {
	local log
	for log in "$WORK"/logs/*.log; do
		[ -s "$log" ] || continue
		echo "── the end of ${log##*/}"
		tail -n 8 "$log" | cut -c 1-400
	done
	echo "── everything is in $WORK"
}

trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
for needed in consign consign-broker consign-agent; do
	[ -x "$CONSIGN_BIN/$needed" ] || fail "there is no $CONSIGN_BIN/$needed: build first, or set CONSIGN_BIN"
done
