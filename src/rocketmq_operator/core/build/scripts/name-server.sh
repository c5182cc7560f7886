#!/bin/bash
# Start of a name server. Made by rocketmq-operator; mounted from an immutable ConfigMap.
set -euo pipefail
# ENTRY_ROOT is empty in a pod; tests of this script set it.
ROOT="${ENTRY_ROOT:-}"
CONFIG="$ROOT/etc/rocketmq-operator/config"
DATA="$ROOT/var/lib/rocketmq"
# shellcheck source=common.sh
. "$CONFIG/common.sh"
. "$CONFIG/settings"

find_home
find_version namesrv
find_java
mkdir -p "$DATA/logs" "$DATA/run"
{
  cat "$CONFIG/namesrv.conf"
  printf '%s\n' "kvConfigPath=$DATA/run/kvConfig.json" "configStorePath=$DATA/run/namesrv.properties"
} >"$DATA/run/namesrv.conf"
java_options namesrv
class_data namesrv
say "RocketMQ $ROCKETMQ_VERSION_FOUND on Java $JAVA_MAJOR: name server"
cd "$ROCKETMQ_HOME/bin"
exec "$JAVA" "${JAVA_OPTIONS[@]}" "${JVM_OPTIONS[@]}" -cp "$CLASS_PATH" org.apache.rocketmq.namesrv.NamesrvStartup -c "$DATA/run/namesrv.conf"
