#!/bin/sh
# Makes the secrets that compose.yaml mounts, where they are missing; they are never in the repository.
set -eu
umask 077
folder="$(dirname "$0")/secrets"
mkdir -p "$folder"
for name in grafana-admin-password alert-receiver-token; do
	[ -s "$folder/$name" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$folder/$name"
	chmod 0444 "$folder/$name" # the containers read it as users of their own; the folder keeps others out
	echo "$folder/$name"
done
