#!/bin/bash
# Start of a broker. Made by rocketmq-operator; mounted from an immutable ConfigMap whose name is the hash of its content.
#
# Rules, each with its reason:
#  - broker.conf is made anew at each start, since RocketMQ's live update rewrites the file it was started with
#    (AdminBrokerProcessor.updateBrokerConfig): the broker reads a copy, conf/broker.conf stays as generated.
#  - A volume carries a stamp with the cluster's UID, group, member and the group's life. A master refuses an empty volume
#    once its group was opened, and everybody refuses another's volume: a master that comes back empty acknowledges
#    messages that no slave holds, and then overwrites the slave's topics and offsets with its own.
#  - A group that left and comes again has a new life. A kept volume of an earlier one is emptied if the group left with
#    nothing in it, and refused otherwise: old messages must not come back unseen.
#  - A slave with nothing becomes a full copy: replica.sh.
#  - A master starts fenced (startAcceptSendRequestTimeStamp): the operator opens it after a look at its slaves. If its
#    stamp proves the volume its own and the group was opened before, the fence falls by itself after a grace time, so
#    that no message waits for an operator that is down.
set -euo pipefail
# ENTRY_ROOT is empty in a pod; tests of this script set it.
ROOT="${ENTRY_ROOT:-}"
CONFIG="$ROOT/etc/rocketmq-operator/config"
INTENT="$ROOT/etc/rocketmq-operator/intent"
DATA="$ROOT/var/lib/rocketmq"
STORE="$DATA/store"
RUN="$DATA/run"
# shellcheck source=common.sh
. "$CONFIG/common.sh"
. "$CONFIG/settings"
# shellcheck source=replica.sh
. "$CONFIG/replica.sh"

MEMBER="${POD_NAME##*-}"
BROKER_NAME="$BROKER_NAME_PREFIX-$GROUP"
intent() { cat "$INTENT/$1" 2>/dev/null || true; }
# intended KEY DEFAULT: a whole number of the intent; an intent from before it had that key gives the default.
intended() { intent "$1" | grep -x '[0-9]\{1,9\}' || echo "$2"; }

# What the intent says of volumes goes before what the settings said when the pod was made.
volume_words() {
  local word
  word="$(intent onLostVolume)"; ON_LOST_VOLUME="${word:-${ON_LOST_VOLUME:-Refuse}}"
  word="$(intent adoptClusterUid)"; ADOPT_CLUSTER_UID="${word:-${ADOPT_CLUSTER_UID:--}}"
}

guard_volume() {
  local stamp="$STORE/.rocketmq-operator" owner="" group="" member="" life="" now
  mkdir -p "$STORE" "$DATA/logs" "$RUN" 2>/dev/null || refuse VolumeNotWritable "user $(id -u) cannot write to $STORE"
  FRESH=false
  now="$(intended life 1)"
  if [ -s "$stamp" ]; then
    { read -r owner; read -r group; read -r member; read -r life; } <"$stamp" || true
    [[ "$life" =~ ^[0-9]{1,9}$ ]] || life=1
    if [ "$owner $group $member $life" = "$CLUSTER_UID $GROUP $MEMBER $now" ]; then return; fi
    if [ "$owner $group $member" = "$CLUSTER_UID $GROUP $MEMBER" ]; then
      begin_life "$life" "$now"
    elif [ "$owner" != "$ADOPT_CLUSTER_UID" ] || [ "$group $member" != "$GROUP $MEMBER" ]; then
      refuse VolumeOfAnother "the volume belongs to cluster $owner, group $group, member $member; to take it over set spec.storage.adoptClusterUid to that UID, or delete the claim for an empty one"
    else
      say "taking over the volume of cluster $owner"
    fi
  elif ls "$STORE/commitlog/"* >/dev/null 2>&1; then
    [ "$ADOPT_CLUSTER_UID" = unstamped ] ||
      refuse VolumeUnstamped "the volume holds messages but no stamp; to take it over set spec.storage.adoptClusterUid to 'unstamped'"
  else
    FRESH=true
    guard_empty "is empty"
  fi
  printf '%s\n' "$CLUSTER_UID" "$GROUP" "$MEMBER" "$now" >"$stamp.new"
  sync "$stamp.new" 2>/dev/null || sync
  mv "$stamp.new" "$stamp"
}

# A master whose group held messages in this life must not start with nothing.
guard_empty() {
  if [ "$MEMBER" = 0 ] && [ "$(intent initialized)" = true ] && [ "$ON_LOST_VOLUME" != StartEmpty ]; then
    refuse VolumeLost "the volume of this master $1 but group $BROKER_NAME held messages; restore the volume, or set spec.storage.onLostVolume to StartEmpty to give up what only this volume held"
  fi
}

# begin_life OLD NEW: a kept volume of this very member, of another life of its group. The stamp is written last, so that
# a crash in between leaves the volume to be emptied again.
begin_life() {
  if [ "$1" -gt "$2" ]; then
    refuse VolumeOfAnother "the volume belongs to life $1 of group $BROKER_NAME, which is in its life $2; restore the intent ConfigMap of the group, or delete the claim for an empty volume"
  fi
  if [ "$1" -ne $(($2 - 1)) ] || [ "$(intent previousLife)" != drained ]; then
    refuse VolumeOfEarlierLife "the volume is from life $1 of group $BROKER_NAME, which is in its life $2, and may hold messages that nobody read; delete the claim for an empty volume, or set spec.groupReplica back"
  fi
  guard_empty "is from an earlier life of its group"
  FRESH=true
  say "emptying the volume: it is from life $1 of group $BROKER_NAME, which left with nothing unread"
  empty_store all
}

# Sets ROLE and BROKER_ID. 4.9 answers SLAVE_NOT_AVAILABLE for ever in SYNC without slaves, so a single member is ASYNC there.
# MEMBERS was a setting before it became part of the intent.
decide_role() {
  BROKER_ID="$MEMBER"
  MEMBERS="$(intended members "${MEMBERS:-2}")"
  if [ "$MEMBER" != 0 ]; then
    ROLE=SLAVE
  elif [ "$REPLICATION_MODE" = SYNC ] && { at_least 5.0 || [ "$MEMBERS" -gt 1 ]; }; then
    ROLE=SYNC_MASTER
  else
    ROLE=ASYNC_MASTER
  fi
}

# Sets NAME_SERVER_LINES. From 5.1 on a broker looks one DNS name up by itself, again and again; before, it takes a list.
find_name_servers() {
  local dns list since=$SECONDS told=0 address
  while :; do
    dns="$(intent nameServersDns)"
    list="$(intent nameServers)"
    if [ -n "$dns" ] && at_least 5.1 && getent ahosts "${dns%:*}" >/dev/null 2>&1; then
      NAME_SERVER_LINES="fetchNameSrvAddrByDnsLookup=true
namesrvAddr=$dns
updateNameServerAddrPeriod=10000"
      list="$dns"
    elif [ -n "$list" ] && { [ -z "$dns" ] || ! at_least 5.1; }; then
      NAME_SERVER_LINES="namesrvAddr=$list"
    else
      list=""
    fi
    for address in ${list//;/ }; do
      if reachable "$address"; then return; fi
    done
    # A volume with messages must not wait for ever: clients that know the broker's address can go on.
    if [ "$FRESH" = false ] && [ -n "$list" ] && [ $((SECONDS - since)) -ge 30 ]; then return; fi
    if [ $((SECONDS - since)) -ge $((told + 10)) ]; then
      told=$((SECONDS - since))
      say "waiting for a name server (${dns:-${list:-none known yet}}) for $told s"
    fi
    sleep 0.5 &
    wait $!
  done
}

# The pod's own full name stands in /etc/hosts (kubelet writes it for pods of a headless Service), so it always resolves
# here; a brokerIP1 that does not resolve at start makes every send fail until a restart.
own_name() {
  awk -v ip="$POD_IP" -v pod="$POD_NAME." '$1 == ip && index($2, pod) == 1 { print $2; exit }' "$ROOT/etc/hosts"
}

# Sets FENCE, in milliseconds since 1970: when a master accepts messages if the operator says nothing.
decide_fence() {
  FENCE=4102444800000
  if [ "$FRESH" = false ] && [ "$(intent initialized)" = true ] && [ "$(intent brokerPermission)" != 4 ]; then
    FENCE=$(($(date +%s) * 1000 + FENCE_GRACE_SECONDS * 1000))
  fi
}

# One thread for each 256 MiB of the limit, 2 to 16.
threads_for() {
  local threads=$(($1 / 256))
  echo $((threads < 2 ? 2 : threads > 16 ? 16 : threads))
}

# Puts settings that are changed live in: the intent has the value of now, in the place of the one the pod was made with.
with_live_settings() {
  awk -F= 'NR == FNR { if (NF > 1) live[$1] = $0; next } $1 in live { print live[$1]; delete live[$1]; next } { print }
    END { for (key in live) print live[key] }' "$INTENT/live" -
}

write_config() {
  local text host
  text="$(<"$CONFIG/broker.conf")"
  if [ -s "$INTENT/live" ]; then text="$(with_live_settings <<<"$text")"; fi
  text="${text//@BROKER_NAME@/$BROKER_NAME}"
  text="${text//@BROKER_ID@/$BROKER_ID}"
  text="${text//@BROKER_ROLE@/$ROLE}"
  host="$(own_name)"
  text="$text
brokerIP1=${host:-$POD_IP}
brokerIP2=${host:-$POD_IP}
storePathRootDir=$STORE
storePathCommitLog=$STORE/commitlog
brokerPermission=$(intent brokerPermission | grep -x '[0-9]' || echo 6)
$NAME_SERVER_LINES"
  if [ "$MEMBER" = 0 ]; then text="$text
startAcceptSendRequestTimeStamp=$FENCE"; fi
  # 5.x acknowledges without any slave unless told how many copies there must be; a value of the user's own stands.
  if [ "$ROLE" = SYNC_MASTER ] && at_least 5.0 && [[ "$text" != *$'\n'inSyncReplicas=* ]]; then text="$text
inSyncReplicas=$(intended inSyncReplicas $((MEMBERS > 1 ? 2 : 1)))"; fi
  # RocketMQ's own default follows the node's processors (8 and two for each), and each of these threads keeps 4 MiB of direct
  # memory: on a large node they alone would take all that a pod has.
  if [[ "$text" != *$'\n'endTransactionThreadPoolNums=* ]]; then text="$text
endTransactionThreadPoolNums=$(threads_for "${MEMORY_LIMIT_MIB:-2048}")"; fi
  printf '%s\n' "$text" >"$RUN/broker.conf"
  printf '%s\n' "$text" 2>/dev/null >"$ROCKETMQ_HOME/conf/broker.conf" ||
    say "cannot write $ROCKETMQ_HOME/conf/broker.conf; the broker reads $RUN/broker.conf all the same"
}

find_home
find_version broker
find_java
volume_words
guard_volume
decide_role
find_name_servers
become_copy
decide_fence
write_config
java_options broker
class_data broker
say "RocketMQ $ROCKETMQ_VERSION_FOUND on Java $JAVA_MAJOR: $BROKER_NAME id $BROKER_ID, $ROLE"
if [ "$MEMBER" != 0 ]; then age_files </dev/null >/dev/null 2>&1 & fi
cd "$ROCKETMQ_HOME/bin"
exec "$JAVA" "${JAVA_OPTIONS[@]}" "${JVM_OPTIONS[@]}" -cp "$CLASS_PATH" org.apache.rocketmq.broker.BrokerStartup -c "$RUN/broker.conf"
