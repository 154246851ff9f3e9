#!/usr/bin/env bash
# A week of study ACME-301, played by four companies and a broker that cannot read a word of it: five real processes on
# this machine. script/demo builds and runs it.
#
#   demo.sh [--keep] [--fast]    --keep leaves all running and prints what to try; --fast does not wait for a reader
#
# CONSIGN_BIN names the folder of the programs. Everything is made in one new folder, which is removed at the end.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
keep=no fast=no
for word in "$@"; do
	case $word in
	--keep) keep=yes ;;
	--fast) fast=yes ;;
	*)
		echo "usage: demo.sh [--keep] [--fast]" >&2
		exit 2
		;;
	esac
done
bin=${CONSIGN_BIN:-$here/../../build/release/bin}
if [ ! -x "$bin/consign-broker" ] || [ ! -x "$bin/consign-agent" ]; then
	echo "demo.sh: error: there are no programs in $bin; script/demo builds them" >&2
	exit 1
fi
bin=$(cd "$bin" && pwd)
unset CONSIGN_HOME

companies=(acme globalcro biomake sitecare)
declare -A called=([acme]="Acme Pharma" [globalcro]="Global CRO" [biomake]="Biomake" [sitecare]="Sitecare")
declare -A does=([acme]="sponsor: owns the study" [globalcro]="CRO: runs the trial" [biomake]="CDMO: makes and ships the kits"
	[sitecare]="SMO: runs the sites, treats the patients")
declare -A pid=()
began=$EPOCHREALTIME

# ── looks ──

bold='' dim='' red='' green='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
fi
chapter() {
	if [ -t 1 ] && [ $fast = no ]; then
		read -r -t 1 _ <&"$never" || true
	fi
	printf '\n%s%s%s\n\n' "$bold" "$1" "$plain"
}
note() {
	printf '%s\n' "${1:+   $1}"
}

# ── processes ──

dir=$(mktemp -d "${TMPDIR:-/tmp}/consign-demo.XXXXXX")
mkfifo "$dir/never"
exec {never}<>"$dir/never" # nobody writes to it: reading it with a time limit is a pause

# shellcheck disable=SC2317,SC2329 # the trap below calls it
clean_up() {
	local status=$? name
	trap - EXIT
	if [ $status -eq 0 ] && [ $keep = yes ]; then
		exit 0
	fi
	for name in "${!pid[@]}"; do
		kill "${pid[$name]}" 2>/dev/null || true
	done
	wait || true
	if [ $status -ne 0 ]; then
		echo "demo.sh: error: it did not come to its end; the logs are in $dir" >&2
		tail -n 3 "$dir"/*.log >&2 || true
	else
		rm -rf "$dir"
	fi
	exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

consign() { # WHOSE-HOME WORDS...
	local home=$1
	shift
	"$bin/consign" --home "$dir/$home" "$@"
}
start() { # NAME: a broker or an agent
	local program=consign-agent home=$dir/$1
	if [ "$1" = broker ]; then
		program=consign-broker home=$dir/hub/broker
	fi
	"$bin/$program" --home "$home" >>"$dir/$1.log" 2>&1 </dev/null {never}<&- &
	pid[$1]=$!
}
until_true() { # WHAT COMMAND...: asks again until it succeeds, for 20 seconds at most
	local what=$1 from=$EPOCHREALTIME now
	shift
	until "$@" >/dev/null 2>&1; do
		now=$EPOCHREALTIME
		if [ $((${now/[.,]/} - ${from/[.,]/})) -gt 20000000 ]; then
			echo "demo.sh: error: waited in vain for $what" >&2
			exit 1
		fi
		read -r -t 0.03 _ <&"$never" || true
	done
}
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

# ── messages ──

# Each message is noted, so that the timeline can ask for it: id, consignor, consignees, type, label, file.
send() { # FROM TO TYPE FILE [LABEL]
	local from=$1 to=$2 type=$3 file=$4 label=${5:-open} answer id state
	answer=$(consign "$from" send --to "$to" --study ACME-301 --type "$type" --label "$label" --file "$here/files/$file" --json) || true
	read -r id state < <(jq -r '"\(.id) \(.state)"' <<<"$answer")
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$id" "$from" "$to" "$type" "$label" "$file" >>"$dir/messages.tsv"
	printf '   %-9s → %-28s  %-28s %s%s%s\n' "$from" "${to//,/, }" "$file" "$dim" "$state" "$plain"
}
is_delivered() { # the last message noted
	local id from
	IFS=$'\t' read -r id from _ < <(tail -n 1 "$dir/messages.tsv")
	[ "$(consign "$from" track "$id" --json | jq -r .state)" = delivered ]
}
all_delivered() {
	local id from
	while IFS=$'\t' read -r id from _; do
		case $(consign "$from" track "$id" --json | jq -r .state) in delivered | refused) ;; *) return 1 ;; esac
	done <"$dir/messages.tsv"
}
knows_policy() {
	case $1 in
	acme) consign acme policy explain --from acme --to sitecare --study ACME-301 --type x.any ;;
	*) consign "$1" policy explain --from "$1" --to acme --study ACME-301 --type x.any ;;
	esac
}

# ── the play ──

printf '%sConsign: four companies, one broker that cannot read%s\n' "$bold" "$plain"
chapter "1  A hub is made, four companies join"
port=$(free_port)
consign hub hub init --name "ACME-301 pilot" --endpoint "tcp://127.0.0.1:$port" --no-passphrase >"$dir/setup.log" 2>&1
start broker
until_true "the broker" consign hub org list
note "broker      relays on 127.0.0.1:$port, and has no key to any message"
for org in "${companies[@]}"; do
	consign hub org invite "$org" --name "${called[$org]}" >"$dir/$org.invite" 2>>"$dir/setup.log"
	consign "$org" join "$dir/$org.invite" --no-passphrase >>"$dir/setup.log" 2>&1
	# Here the company reads six words out on the telephone, and the administrator types what is heard.
	words=$(consign "$org" fingerprint)
	consign hub org approve "$org" --fingerprint "$words" >>"$dir/setup.log" 2>&1
	start "$org"
	printf '   %-11s %-42s %s%s%s\n' "$org" "${does[$org]}" "$dim" "$words" "$plain"
done
consign hub policy apply "$here/../policy/four-companies.yaml" --reason "study ACME-301 begins" >>"$dir/setup.log" 2>&1
for org in "${companies[@]}"; do
	until_true "$org to learn the policy" knows_policy "$org"
done
note ""
note "The keys were made at each company and never travelled; the six words prove whose they are."
note "The administrator has put a policy in force: who may send what to whom. All else is refused."

chapter "2  Files of several kinds, in all directions"
send acme globalcro,biomake,sitecare x.protocol.amendment protocol-amendment-3.pdf
send biomake acme x.batch.certificate certificate-of-analysis.pdf restricted
send biomake sitecare,acme x.shipment.notice shipment-SHP-2041.json
send sitecare biomake x.shipment.receipt receipt-SHP-2041.json
send biomake sitecare x.temperature.log temperature-TL-99183.csv
send sitecare globalcro,acme x.lab.results lab-results-site-101.csv
send globalcro sitecare x.query query-1007-haemoglobin.txt
until_true "the query to arrive" is_delivered

chapter "3  Two messages that must not go out"
note "The maker's list of what is in which kit, by mistake to the sites; and an unblinding request to the blind CRO."
note "Each is refused by the sender's own agent, before anything leaves the company:"
note ""
explain() { # FROM TO TYPE
	local answer
	answer=$(consign "$1" policy explain --from "$1" --to "$2" --study ACME-301 --type "$3" --json) || true
	printf '   %s%s%s: %s\n' "$red" "$(jq -r .code <<<"$answer")" "$plain" "$(jq -r .why <<<"$answer")"
}
send biomake sitecare x.lot.assignment lot-assignment.csv
explain biomake sitecare x.lot.assignment
note ""
send acme globalcro x.unblinding.request unblinding-101-1007.json
explain acme globalcro x.unblinding.request

chapter "4  The broker is killed, and work goes on"
{ kill -KILL "${pid[broker]}" && wait "${pid[broker]}"; } 2>/dev/null || true
note "kill -9 of the broker. The agents keep what is handed to them:"
note ""
send globalcro acme x.clinical.odm clinical-data-week-4.xml
send sitecare globalcro x.query.answer query-1007-answer.txt
send acme sitecare,globalcro x.letter letter-to-investigators.txt
start broker
until_true "everything to be delivered" all_delivered
note ""
note "The broker is back, and everything has been delivered."

chapter "5  The timeline, as each sender's agent knows it"
python3 "$here/timeline.py" "$bin/consign" "$dir" "$bold" "$dim" "$red" "$green" "$plain"

chapter "6  Nothing lost, nothing read"
checked=0
while IFS=$'\t' read -r id from to type label file; do
	if [ "$(consign "$from" track "$id" --json | jq -r .state)" != delivered ]; then
		continue
	fi
	for org in ${to//,/ }; do
		if [ "$(consign "$org" show "$id" --raw | sha256sum)" != "$(sha256sum <"$here/files/$file")" ]; then
			echo "demo.sh: error: $file, type $type under $label, is not the same at $org" >&2
			exit 1
		fi
		checked=$((checked + 1))
	done
done <"$dir/messages.tsv"
note "$checked deliveries compared with the files that were sent: equal, by SHA-256."
words='Haemoglobin|Certificate of analysis|TL-99183|KIT-40117|DQ-0418|101-1007'
if LC_ALL=C grep -rqaE "$words" "$dir/hub/broker"; then
	echo "demo.sh: error: the broker's files hold what was sent" >&2
	exit 1
fi
note "Searched the broker's files for words from those files: none is there."
now=$EPOCHREALTIME
note "It took $(((${now/[.,]/} - ${began/[.,]/}) / 1000000)) seconds."

if [ $keep = yes ]; then
	printf '%s\n' "${pid[@]}" >"$dir/pids"
	disown -a
	id=$(awk -F '\t' '$6 ~ /lab-results/ { print $1 }' "$dir/messages.tsv")
	chapter "It is still running. Five commands to try"
	cat <<TRY
   export PATH=$bin:\$PATH
   consign --home $dir/acme inbox
   consign --home $dir/acme show $id
   consign --home $dir/sitecare track $id
   consign --home $dir/biomake policy explain --from biomake --to sitecare --study ACME-301 --type x.lot.assignment
   echo hello | consign --home $dir/globalcro send --to acme --study ACME-301 --type x.note --file - --wait delivered

   To stop it:   kill \$(cat $dir/pids); rm -r $dir
TRY
fi
