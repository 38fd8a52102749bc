#!/bin/sh
# Checks an evidence bundle with nothing but sh, openssl and sha256sum.
# README.txt says what each step shows, and what none of them does.
#
#   sh verify.sh [OPTIONS] [FOLDER]      FOLDER: where this script lies
#
#   --seal-ca FILE    certificates (PEM) that you trust for signatures
#   --tsa-ca FILE     certificates that you trust for time stamps
#   --seal-crl FILE   lists of revoked certificates (PEM); --tsa-crl too
#   --at SECONDS      certificates must be good at that time, in seconds
#                     since 1970, instead of now
#
# Without --seal-ca and --tsa-ca those in the bundle are taken: get them by
# another way, or compare their fingerprints.
set -u
LC_ALL=C
export LC_ALL

folder=$(dirname "$0")
seal_ca= tsa_ca= seal_crl= tsa_crl= at= fails=0
full() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
while [ $# -gt 0 ]; do
	case $1 in
	--seal-ca) seal_ca=$(full "$2"); shift ;;
	--tsa-ca) tsa_ca=$(full "$2"); shift ;;
	--seal-crl) seal_crl=$(full "$2"); shift ;;
	--tsa-crl) tsa_crl=$(full "$2"); shift ;;
	--at) at=$2; shift ;;
	-*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2 ;;
	*) folder=$1 ;;
	esac
	shift
done
cd "$folder" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM

ok() { printf 'ok    %-9s %s\n' "$1" "$2"; }
# What a bundle says of itself is not let loose on a terminal.
plain() { printf '%s' "$1" | tr '\001-\037\177-\377' '?'; }
fail() { printf 'FAIL  %-9s %s\n' "$1" "$(plain "$2")"; fails=$((fails + 1)); }
note() { printf 'note  %-9s %s\n' "$1" "$2"; }

# --- bytes ----------------------------------------------------------------
sum_of() { sha256sum | cut -c1-64; }
# Hex digits to bytes.
bytes() {
	rest=$1 text=
	while [ -n "$rest" ]; do
		two=${rest%"${rest#??}"}
		rest=${rest#??}
		n=$((0x$two))
		text="$text\\0$((n / 64))$((n / 8 % 8))$((n % 8))"
	done
	printf '%b' "$text"
}
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
digest64() { openssl dgst -sha256 -binary | base64url; }
leaf_of() { { printf '\000'; cat "$1"; } | sum_of; }
node_of() { { printf '\001'; bytes "$1$2"; } | sum_of; }
field() { sed -n "s/.*\"$2\":\"\{0,1\}\([A-Za-z0-9._:-]*\).*/\1/p" "$1"; }

# --- 1. the files ---------------------------------------------------------
after='SHA256SUMS SHA256SUMS.sealed manifest.json manifest.json.p7s'
[ -f manifest.json.tsr ] && after="$after manifest.json.tsr"
find . ! -type d | sed 's,^\./,,' | sort >"$work/have"
{ for name in $after; do echo "$name"; done
	sed 's/^[0-9a-f]*  //' SHA256SUMS; } 2>/dev/null | sort >"$work/want"
if grep -q '[^A-Za-z0-9._/-]' "$work/have"; then
	fail files 'a file has a strange name'
elif [ -n "$(find . ! -type d ! -type f)" ]; then
	fail files 'there is something that is no plain file'
elif cmp -s "$work/have" "$work/want"; then
	ok files "$(grep -c . <"$work/have") files, none missing, none more"
else
	for name in $(comm -23 "$work/have" "$work/want"); do
		fail files "$name is in no list: it was put in"
	done
	for name in $(comm -13 "$work/have" "$work/want"); do
		fail files "$name is missing"
	done
fi

# A sum says that a file is as it was, not that it is of the record: events and
# heads are counted from 001 without gaps, the rest goes with one of these.
while read -r name; do
	number=${name##*/}
	number=${number#head-}
	number=${number%%.*}
	case $number in
	'' | 000 | *[!0-9]* | ????????*) number=/ n=0 ;;
	*) n=${number#"${number%%[!0]*}"} ;;
	esac
	[ "$number" = "$(printf %03d "$n")" ] || number=/
	case $name in
	README.txt | verify.sh | SHA256SUMS | SHA256SUMS.sealed) with=$name ;;
	manifest.json | manifest.json.p7s | manifest.json.tsr) with=$name ;;
	trust/seal-roots.pem | trust/tsa-roots.pem) with=$name ;;
	trust/seal.crl.pem | trust/tsa.crl.pem) with=$name ;;
	"events/001.json" | "chain/head-001.json") with=$name ;;
	"events/$number.json" | "chain/head-$number.json")
		with=${name%"$number.json"}$(printf %03d $((n - 1))).json ;;
	"chain/$number.txt" | "payload/$number.json") with=events/$number.json ;;
	"payload/$number.salt" | "reports/$number.eml")
		with=payload/$number.json ;;
	log/maillog.txt | message/headers-at-eom.txt | message/as-sent.eml)
		with=$name ;;
	"chain/head-$number.json.p7s" | "chain/head-$number.json.tsr")
		with=chain/head-$number.json ;;
	*) with=/ ;;
	esac
	[ -f "$with" ] || fail files "$name is no part of a bundle"
done <"$work/have"

# --- 2. the sums ----------------------------------------------------------
if sha256sum -c --strict --quiet SHA256SUMS >"$work/out" 2>/dev/null; then
	ok sums 'each file has the sum in SHA256SUMS'
else
	sed -n 's/: FAILED.*//p' "$work/out" >"$work/bad"
	[ -s "$work/bad" ] || echo SHA256SUMS >"$work/bad"
	while read -r name; do
		fail sums "$name is not as it was"
	done <"$work/bad"
fi
for name in SHA256SUMS manifest.json manifest.json.p7s manifest.json.tsr; do
	[ -f "$name" ] && sha256sum "$name"
done >"$work/sealed"
if cmp -s "$work/sealed" SHA256SUMS.sealed; then
	ok sums 'so have the four that are made last'
else
	for name in SHA256SUMS manifest.json manifest.json.p7s \
		manifest.json.tsr; do
		line=$(grep "  $name\$" "$work/sealed")
		grep -qxF "$line" SHA256SUMS.sealed ||
			fail sums "$name is not as it was"
	done
	fail sums 'SHA256SUMS.sealed does not fit'
fi

# --- 3. the manifest ------------------------------------------------------
sum=$(sum_of <SHA256SUMS)
if grep -qF "\"id\":\"$(echo "$sum" | cut -c1-32)\"" manifest.json &&
	grep -qF "\"sums\":\"$sum\",\"type\":\"avis-bundle-1\"}" manifest.json &&
	grep -qF "\"files\":$(grep -c . SHA256SUMS)," manifest.json; then
	ok manifest 'names SHA256SUMS, and so every file'
else
	fail manifest 'manifest.json does not name this SHA256SUMS'
fi

# --- 4. signatures and stamps ---------------------------------------------
[ -n "$seal_ca" ] || {
	seal_ca=$PWD/trust/seal-roots.pem
	note trust 'signatures: the certificates in the bundle are taken'
}
[ -n "$tsa_ca" ] || {
	tsa_ca=$PWD/trust/tsa-roots.pem
	[ -f "$tsa_ca" ] &&
		note trust 'stamps: the certificates in the bundle are taken'
}
[ -n "$seal_crl" ] || [ ! -f trust/seal.crl.pem ] ||
	seal_crl=$PWD/trust/seal.crl.pem
[ -n "$tsa_crl" ] || [ ! -f trust/tsa.crl.pem ] || tsa_crl=$PWD/trust/tsa.crl.pem
cat "$seal_ca" ${seal_crl:+"$seal_crl"} >"$work/seal.pem" 2>/dev/null
cat "$tsa_ca" ${tsa_crl:+"$tsa_crl"} >"$work/tsa.pem" 2>/dev/null
cades=
openssl cms -help 2>&1 | grep -q -e '-cades' && cades=-cades

# What openssl said, in our words.
why() {
	case $(cat "$work/err") in
	*'certificate has expired'*) echo 'a certificate had expired' ;;
	*'not yet valid'*) echo 'a certificate or list was not valid yet' ;;
	*'certificate revoked'*) echo 'a certificate was revoked' ;;
	*'get certificate CRL'*) echo 'no list of revoked certificates fits' ;;
	*'CRL has expired'*) echo 'the list of revoked certificates is too old' ;;
	*'issuer certificate'* | *'self-signed'* | *'self signed'*)
		echo 'no certificate that you trust leads to it' ;;
	*'imprint mismatch'*) echo 'it is the time stamp of something else' ;;
	*) echo 'it was changed, or is of other bytes' ;;
	esac
}
# signature CONTENT SIGNATURE [TIME]
signature() {
	openssl cms -verify -binary $cades -inform DER -in "$2" -content "$1" \
		-CAfile "$work/seal.pem" -partial_chain -purpose any \
		${seal_crl:+-crl_check} ${3:+-attime "$3"} -out /dev/null \
		2>"$work/err"
}
# stamp STAMPED STAMP
stamp() {
	openssl ts -verify -data "$1" -in "$2" -CAfile "$work/tsa.pem" \
		-partial_chain ${tsa_crl:+-crl_check} ${at:+-attime "$at"} \
		>/dev/null 2>"$work/err"
}
# "Nov 21 10:00:02 2026 GMT" of a stamp to seconds since 1970.
seconds() {
	set -- $(openssl ts -reply -in "$1" -text 2>/dev/null |
		sed -n 's/^Time stamp: //p' | tr ':' ' ')
	[ $# -ge 6 ] || return
	names=JanFebMarAprMayJunJulAugSepOctNovDec
	before=${names%%"$1"*}
	m=$((${#before} / 3 + 1)) d=$2 h=${3#0} i=${4#0} s=${5%%.*} y=$6
	s=${s#0}
	a=$(((14 - m) / 12)) y=$((y + 4800 - (14 - m) / 12)) m=$((m + 12 * a - 3))
	day=$((d + (153 * m + 2) / 5 + 365 * y + y / 4 - y / 100 + y / 400 - 32045))
	echo $(((day - 2440588) * 86400 + h * 3600 + i * 60 + s))
}
# sealed STEP FILE: its stamp, then its signature, at that time if need be.
sealed() {
	then=
	if [ ! -f "$2.tsr" ]; then
		note "$1" "$2 is not time-stamped"
	elif stamp "$2.p7s" "$2.tsr"; then
		then=$(seconds "$2.tsr")
		ok "$1" "$2.tsr: the signature was there at $then ($(
			openssl ts -reply -in "$2.tsr" -text 2>/dev/null |
			sed -n 's/^Time stamp: //p'))"
	else
		fail "$1" "$2.tsr: $(why)"
	fi
	if signature "$2" "$2.p7s" "$at"; then
		ok "$1" "$2.p7s: signed"
	elif [ -z "$at" ] && [ -n "$then" ] &&
		grep -q 'certificate has expired' "$work/err" &&
		signature "$2" "$2.p7s" "$then"; then
		ok "$1" "$2.p7s: signed; its certificate expired after the stamp"
	else
		fail "$1" "$2.p7s: $(why)"
	fi
}
sealed manifest manifest.json
form='\{"first":[0-9]+,"last":"[0-9a-f]{64}","log_id":"[A-Za-z0-9._-]+",'
form="$form"'"number":[0-9]+,"prev":"[0-9a-f]{64}","root":"[0-9a-f]{64}",'
form="$form"'"segment":[0-9]+,"size":[0-9]+,"time":"[0-9TZ:.-]+",'
form="$form"'"type":"avis-head-1"\}'
for head in chain/head-*.json; do
	[ -f "$head" ] || continue
	sealed head "$head"
	grep -Eqx "$form" "$head" || fail head "$head is no tree head"
	key="$(field "$head" log_id) $(field "$head" number)"
	echo "$key $(field "$head" prev) $(sum_of <"$head")" >>"$work/heads"
done
touch "$work/heads"
for key in $(cut -d' ' -f1,2 "$work/heads" | sort | uniq -d | tr ' ' '/'); do
	fail head "head ${key#*/} of ${key%/*} is there twice"
done
while read -r log number prev sum; do
	while read -r log2 number2 prev2 sum2; do
		[ "$log $((number + 1)) $sum" = "$log2 $number2 $prev2" ] ||
			[ "$log $((number + 1))" != "$log2 $number2" ] ||
			fail head "head $number2 of $log does not follow head $number"
	done <"$work/heads"
done <"$work/heads"

# --- 5. the entries -------------------------------------------------------
# climb LEAF INDEX SIZE PATH...: the root (RFC 9162, 2.1.3.2)
climb() {
	hash=$1 fn=$2 sn=$(($3 - 1))
	[ "$2" -lt "$3" ] || { echo none; return; }
	shift 3
	for step; do
		[ "$sn" -gt 0 ] || { echo none; return; }
		if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
			hash=$(node_of "$step" "$hash")
			while [ $((fn & 1)) -eq 0 ] && [ "$fn" -gt 0 ]; do
				fn=$((fn >> 1)) sn=$((sn >> 1))
			done
		else
			hash=$(node_of "$hash" "$step")
		fi
		fn=$((fn >> 1)) sn=$((sn >> 1))
	done
	[ "$sn" -eq 0 ] && echo "$hash" || echo none
}
message=$(field manifest.json message)
events= count=0 log_before= seq_before=0 sum_before= payloads=0 before=0
for entry in events/*.json; do
	[ -f "$entry" ] || continue
	name=${entry#events/}
	name=${name%.json}
	before=$fails
	log= seq= head= index= size= path=
	while read -r word value; do
		case $word in
		log_id) log=$value ;;
		seq) seq=$value ;;
		head) head=$value ;;
		index) index=$value ;;
		size) size=$value ;;
		path) path="$path $value" ;;
		esac
	done <"chain/$name.txt"
	case "$seq$index$size$(echo "$path" | tr -d 'a-f ')" in
	*[!0-9]* | '') fail place "chain/$name.txt cannot be read"; continue ;;
	esac
	file=chain/head-$head.json
	first=$(field "$file" first)
	[ "$log $size" = "$(field "$file" log_id) $(field "$file" size)" ] &&
		[ "$seq" -eq $((first + index)) ] ||
		fail place "chain/$name.txt and $file do not fit"
	grep -qF "\"seq\":\"$seq\"" "$entry" && grep -qF "\"w\":\"$log\"}" "$entry" ||
		fail place "$entry is not entry $seq of $log"
	[ "$(climb "$(leaf_of "$entry")" "$index" "$size" $path)" = \
		"$(field "$file" root)" ] ||
		fail tree "$entry is not what $file sealed in its place"
	grep -qF "\"m\":\"$message\"" "$entry" ||
		fail order "$entry is about another message than the manifest"
	[ -z "$events" ] || events="$events,"
	events="$events{\"head\":${head#"${head%%[!0]*}"},\"index\":$index"
	events="$events,\"log_id\":\"$log\",\"seq\":\"$seq\"}"
	if [ "$log" = "$log_before" ] && [ "$seq" -eq $((seq_before + 1)) ]; then
		grep -qF "\"prev\":\"$sum_before\"" "$entry" ||
			fail prev "$entry does not follow the one before"
	fi
	log_before=$log seq_before=$seq sum_before=$(digest64 <"$entry")
	if [ -f "payload/$name.json" ]; then
		c=$(cat "payload/$name.salt" "payload/$name.json" | digest64)
		grep -qF "\"c\":\"$c\"," "$entry" ||
			fail payload "payload/$name.json is not what $entry commits to"
		payloads=$((payloads + 1))
	else
		note payload "$entry: its payload was erased, or is withheld"
	fi
	[ "$fails" -eq "$before" ] && ok entry "$entry: entry $seq of $log"
	count=$((count + 1))
done
if grep -qF "\"events\":[$events]," manifest.json; then
	ok order "$count entries with $payloads payloads, as the manifest names them"
else
	fail order 'the entries are not those of the manifest, in its order'
fi

# --- 7. what is there to be read: copies of what payloads have --------------
# Lines as they stand inside of a JSON text.
tab=$(printf '\t') cr=$(printf '\r')
escaped() { sed "s/\\\\/\\\\\\\\/g;s/\"/\\\\\"/g;s/$tab/\\\\t/g;s/$cr\$/\\\\r\\\\n/"; }
before=$fails copies=0
if [ -f log/maillog.txt ]; then
	copies=$((copies + 1))
	while read -r mark payload rest && IFS= read -r line; do
		line=$(printf '%s\n' "$line" | escaped)
		number=${payload#payload/}
		case ${number%.json} in '' | *[!0-9]*) payload=/dev/null ;; esac
		[ "$mark" = '#' ] && grep -qF "\"line\":\"$line\"" "$payload" ||
			fail copies "log/maillog.txt: a line is not in $payload"
	done <log/maillog.txt
fi
for file in reports/*.eml; do
	[ -f "$file" ] || continue
	copies=$((copies + 1))
	name=${file#reports/}
	grep -qF "\"raw\":\"$(digest64 <"$file")\"" "events/${name%.eml}.json" ||
		fail copies "$file is not the report whose sum its entry has"
done
if [ -f message/headers-at-eom.txt ]; then
	copies=$((copies + 1))
	escaped <message/headers-at-eom.txt | tr -d '\n' >"$work/want"
	cat payload/*.json | sed 's/","header_[0-9]*":"//g' |
		grep -qF -f "$work/want" ||
		fail copies 'message/headers-at-eom.txt is in no payload'
fi
if [ -f message/as-sent.eml ]; then
	copies=$((copies + 1))
	cat payload/*.json | grep -qF \
		"\"content_sha256\":\"$(sum_of <message/as-sent.eml)\"" ||
		fail copies 'message/as-sent.eml is not the message of the payload'
fi
[ "$copies" -eq 0 ] || [ "$fails" -gt "$before" ] ||
	ok copies "$copies files are what the payloads say"

echo
if [ "$fails" -gt 0 ]; then
	echo "$fails steps FAILED: do not rely on this bundle"
	exit 1
fi
echo 'All steps are good. README.txt says what that shows, and what it does not.'
