#!/usr/bin/env bash
# Builds clients.jar into the cache, once for the same sources, and prints its path. Builds beside the tree, so that two
# builds at once do not meet; whoever ends last is dropped.
set -euo pipefail
cd "$(dirname "$0")"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/rocketmq-operator"
hash="$(find pom.xml clients.sh src/main -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12)"
made="$cache/clients-$hash"
if [ ! -e "$made/clients.jar" ]; then
  command -v mvn >/dev/null || { echo "Maven is needed: apt-get install maven" >&2; exit 1; }
  mkdir -p "$cache"
  work="$(mktemp -d "$cache/clients.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  echo "building the workload clients (the first time Maven fetches RocketMQ's jars: some minutes) ..." >&2
  mkdir "$work/src"
  cp -r pom.xml "$work/"
  cp -r src/main "$work/src/"
  mvn -q -B -Dstyle.color=never -f "$work/pom.xml" -Dmaven.test.skip=true package 2>&1 |
    sed $'s/\e\\[[0-9;]*m//g' | sed '/^$/d' >&2  # Maven resets colours even where it is told to use none
  mkdir "$work/made"
  cp clients.sh "$work/target/clients.jar" "$work/made/"
  mv -T "$work/made" "$made" 2>/dev/null || [ -e "$made/clients.jar" ]
fi
echo "$made/clients.jar"
