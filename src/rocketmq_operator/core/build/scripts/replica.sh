# How a slave becomes a full copy. Sourced by broker.sh; it relies on bash, od, dd and what broker.sh relies on.
#
# A slave that asks its master for offset 0 gets the last file of the commit log only, and then looks caught up
# (DefaultHAConnection.WriteSocketService: slaveRequestOffset == 0); from any other offset it gets exactly what it asks
# for. So a slave with nothing takes the master's first record from the master itself (request 33, VIEW_MESSAGE_BY_ID: the
# reply's body is the record as it stands in the log), puts it where it stands there, and starts: it asks for what comes
# after it, and replication brings the rest. Queues and index are built by the broker as it goes.

REPLICA_TMP="$STORE/.seed"

# ask CODE FIELDS FILE: one request to the master; the reply's body in FILE. Fails on time-outs and on sizes that do not fit.
ask() {
  local json="{\"code\":$1,\"language\":\"OTHER\",\"version\":0,\"opaque\":1,\"flag\":0,\"serializeTypeCurrentRPC\":\"JSON\",\"extFields\":{$2}}"
  timeout 15 bash -c '
    set -euo pipefail
    u32() {
      local b
      read -r -a b < <(dd bs=4 count=1 iflag=fullblock 2>/dev/null <&3 | od -An -v -t u1)
      [ "${#b[@]}" = 4 ]
      echo $(((b[0] << 24) | (b[1] << 16) | (b[2] << 8) | b[3]))
    }
    exec 3<>"/dev/tcp/$1/$2"
    printf "%b" "$3" >&3
    total=$(u32)
    head=$(($(u32) & 0xffffff))
    body=$((total - 4 - head))
    [ "$total" -le 134217728 ] && [ "$head" -gt 0 ] && [ "$body" -ge 0 ]
    dd bs="$head" count=1 iflag=fullblock of="$4.head" 2>/dev/null <&3
    : >"$4"
    if [ "$body" -gt 0 ]; then dd bs="$body" count=1 iflag=fullblock of="$4" 2>/dev/null <&3; fi
    [ "$(wc -c <"$4")" -eq "$body" ]
  ' ask "$MASTER_HOST" "$MASTER_PORT" "$(hex32 $((${#json} + 4)))$(hex32 ${#json})$json" "$3" 2>/dev/null
}
hex32() { printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)); }

# number FILE OFFSET SIZE: a big-endian number in a file; nothing if the file is too short.
number() {
  local bytes value=0 byte
  read -r -a bytes < <(dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null | od -An -v -t u1) || true
  [ "${#bytes[@]}" = "$3" ] || return 0
  for byte in "${bytes[@]}"; do value=$(((value << 8) | byte)); done
  echo "$value"
}

# Sets MASTER_HOST and MASTER_PORT: member 0 of this group, under its stable name. Tests set ENTRY_MASTER.
find_master() {
  local own pod="${POD_NAME%-*}-0"
  own="$(own_name)"
  MASTER_PORT=10911
  MASTER_HOST="$pod${own#"$POD_NAME"}"
  if [ -n "${ENTRY_MASTER:-}" ]; then MASTER_HOST="${ENTRY_MASTER%:*}" MASTER_PORT="${ENTRY_MASTER##*:}"; fi
}

# Sets MASTER_MIN and MASTER_MAX, the ends of the master's commit log (request 28); WHY says what is wrong.
master_ends() {
  local reply="$RUN/master-state"
  WHY="it does not tell the ends of its commit log"
  ask 28 "" "$reply" || return 1
  MASTER_MIN="$(sed -n 's/.*"commitLogMinOffset" *: *"\{0,1\}\(-\{0,1\}[0-9]\{1,\}\).*/\1/p' "$reply")"
  MASTER_MAX="$(sed -n 's/.*"commitLogMaxOffset" *: *"\{0,1\}\(-\{0,1\}[0-9]\{1,\}\).*/\1/p' "$reply")"
  WHY="it does not say what its commit log holds: $(head -c 300 "$reply.head")"
  [ -n "$MASTER_MIN" ] && [ -n "$MASTER_MAX" ]
}

# Size of a commit-log file here, in bytes (MessageStoreConfig.mappedFileSizeCommitLog).
log_file_size() {
  local size
  size="$(sed -n 's/^mappedFileSizeCommitLog=\([0-9]\{1,\}\)[[:space:]]*$/\1/p' "$CONFIG/broker.conf" | tail -n 1)"
  echo "${size:-1073741824}"
}

# Whether the master is who it should be, with files of our size: a file of another size keeps a broker from starting.
same_kind() {
  local reply="$RUN/master-settings" size
  WHY="it does not answer on $MASTER_HOST:$MASTER_PORT"
  ask 26 "" "$reply" || return 1
  WHY="$MASTER_HOST is not the master of $BROKER_NAME"
  grep -qx "brokerName=$BROKER_NAME" "$reply" && grep -qx "brokerId=0" "$reply" || return 1
  size="$(sed -n 's/^mappedFileSizeCommitLog=//p' "$reply")"
  rm -f "$reply"  # settings may hold secrets
  [ "$size" = "$FILE_SIZE" ] ||
    refuse LogFileSizeDiffers "the master of $BROKER_NAME has commit-log files of $size bytes, this slave of $FILE_SIZE; give both the same mappedFileSizeCommitLog"
}

# Takes the first record, or nothing if the master holds none; fails, with WHY, if it is to be tried again.
take_seed() {
  local record="$REPLICA_TMP/record" file name size
  same_kind && master_ends || return 1
  if [ "$MASTER_MAX" -le 0 ] || [ "$MASTER_MAX" -le "$MASTER_MIN" ]; then
    say "the master of $BROKER_NAME holds no message: nothing to start a copy from"
    return 0
  fi
  rm -rf "$REPLICA_TMP"
  mkdir -p "$REPLICA_TMP"
  WHY="it does not give the record at $MASTER_MIN"
  ask 33 "\"offset\":\"$MASTER_MIN\"" "$record" || return 1
  size="$(wc -c <"$record")"
  WHY="what it gave is not the record at $MASTER_MIN"
  # Size, magic code (0xDAA320A7, or 0xDAA320AB with a long topic), offset in the log: MessageDecoder.
  [ "$(number "$record" 0 4)" = "$((size))" ] && [ "$(number "$record" 28 8)" = "$MASTER_MIN" ] || return 1
  case "$(number "$record" 4 4)" in 3668123815 | 3668123819) ;; *) return 1 ;; esac
  [ $((MASTER_MIN % FILE_SIZE)) = 0 ] && [ $((size + 8)) -le "$FILE_SIZE" ] || return 1
  name="$(printf '%020d' "$MASTER_MIN")"
  file="$REPLICA_TMP/$name"
  WHY="the volume of this slave does not take a commit-log file"
  mv "$record" "$file" && dd if=/dev/null of="$file" bs=1 count=0 seek="$FILE_SIZE" 2>/dev/null || return 1
  [ "$(wc -c <"$file")" -eq "$FILE_SIZE" ] || return 1
  sync "$file" 2>/dev/null || sync
  # With the file abort the broker recovers as after a crash, which builds the queues from the very first record on.
  : >"$STORE/abort" && mkdir -p "$STORE/commitlog" && mv "$file" "$STORE/commitlog/$name" || return 1
  sync "$STORE/commitlog" 2>/dev/null || sync
  rm -rf "$REPLICA_TMP"
  say "starts as a copy of $MASTER_HOST: its log from $MASTER_MIN to $MASTER_MAX, $(((MASTER_MAX - MASTER_MIN) >> 20)) MiB, is being copied"
}

# Sets LAST_FILE, the number in the name of the last commit-log file that holds a record; empty if none does. The broker
# makes files ahead of their use.
last_file() {
  local files=("$STORE"/commitlog/*) i name
  LAST_FILE=""
  for ((i = ${#files[@]} - 1; i >= 0; i--)); do
    name="${files[i]##*/}"
    if [[ "$name" =~ ^[0-9]{20}$ ]] && [ -s "${files[i]}" ] && [ "$(number "${files[i]}" 4 4)" != 0 ]; then
      LAST_FILE="$((10#$name))"
      return
    fi
  done
}

# Empties the store in such an order that a crash in between leaves it to be emptied again. `all`: settings, too.
empty_store() {
  local each
  rm -rf "$STORE"/.emptied
  if [ -e "$STORE/commitlog" ]; then mv "$STORE/commitlog" "$STORE/.emptied"; fi
  for each in "$STORE"/* "$STORE"/.[!.]*; do
    case "${each##*/}" in
      .rocketmq-operator | lost+found) ;;
      config) if [ "$1" = all ]; then rm -rf "$each"; else rm -rf "$each"/timercheck*; fi ;;
      *) rm -rf "$each" ;;
    esac
  done
}

# stored_at FILE: when the first record of a commit-log file was stored, in seconds since 1970; nothing if there is none.
stored_at() {
  local at=56 ms
  [ -s "$1" ] && [ "$(number "$1" 4 4)" != 0 ] || return 0
  # A producer's address takes 8 bytes, or 20 if it is an IPv6 one (MessageSysFlag.BORNHOST_V6_FLAG).
  if [ $(($(number "$1" 36 4) & 16)) != 0 ]; then at=68; fi
  ms="$(number "$1" "$at" 8)"
  if [ "${ms:-0}" -gt 0 ]; then echo $((ms / 1000)); fi
}

# Gives copied files the time of what is in them. RocketMQ deletes files by their time of change, so a copy that was made in
# an hour would keep all of it for fileReservedTime from then on, next to all that is new: twice what its master needs.
# A file's time is that of the first record after it, and a minute more, so that no copy deletes before its master. Runs
# beside the broker until it has come to the file that is being written and nothing came for an hour.
age_files() {
  local file="" next name size time idle=0
  size="$(log_file_size)"
  while [ "$idle" -lt 360 ] && kill -0 $$ 2>/dev/null; do
    if [ ! -e "$file" ]; then
      # The first one, or the oldest that is left when files were deleted meanwhile.
      for file in "$STORE"/commitlog/[0-9]*; do break; done
    fi
    name="${file##*/}"
    time=""
    if [[ "$name" =~ ^[0-9]{20}$ ]]; then
      next="$STORE/commitlog/$(printf '%020d' $((10#$name + size)))"
      time="$(stored_at "$next")"
    fi
    if [ -n "$time" ]; then
      idle=0
      if [ "$(date -r "$file" +%s)" -gt $((time + 120)) ]; then
        # What is still in memory changes the time again when it is written: first to disk, then the time.
        sync "$file" 2>/dev/null || sync
        touch -c -d "@$((time + 60))" "$file"
      fi
      file="$next"
    else
      idle=$((idle + 1))
      sleep 10
    fi
  done
}

# A slave of a group that was opened: nothing in its store, or nothing that the master still has, means to begin anew.
become_copy() {
  local since=$SECONDS told=0
  if [ "$MEMBER" = 0 ] || [ "$(intent initialized)" != true ]; then return; fi
  find_master
  FILE_SIZE="$(log_file_size)"
  last_file
  if [ -n "$LAST_FILE" ]; then
    # With messages of its own it waits for no master that does not run: that one may need it to open. One that has just
    # started answers, but cannot say for a moment what it holds.
    until master_ends; do
      if [ $((SECONDS - since)) -ge 20 ] || ! reachable "$MASTER_HOST:$MASTER_PORT"; then return; fi
      sleep 1 &
      wait $!
    done
    if [ $((LAST_FILE + FILE_SIZE)) -gt "$MASTER_MIN" ]; then return; fi
    say "this copy ends below $((LAST_FILE + FILE_SIZE)), and the master has deleted all before $MASTER_MIN: it can never catch up, and is made anew"
  fi
  empty_store messages
  until take_seed; do
    if [ $((SECONDS - since)) -ge "$told" ]; then
      say "waiting for the master to begin a copy of it, for $((SECONDS - since)) s: $WHY"
      told=$((SECONDS - since + 10))
    fi
    sleep 1 &
    wait $!
  done
  rm -f "$RUN"/master-*
}
