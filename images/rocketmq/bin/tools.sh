#!/bin/sh
# Starts a tool: tools.sh [-Dname=value ...] CLASS [ARGUMENTS...]
. "$(dirname "$0")/rmqenv.sh"
# One short run: the first compiler alone is the fastest.
# shellcheck disable=SC2086
start_java tools ${HEAP_OPTS_TOOLS:--Xms64m -Xmx256m} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
  ${JAVA_OPT} ${JAVA_OPT_EXT} -cp "$CLASS_PATH" "$@"
