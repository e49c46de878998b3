#!/bin/bash
# A private Postfix that needs no installation and touches no mail system of the machine.
#
#   postfix.sh needs                        the library packages that Debian's Postfix depends on
#   postfix.sh unpack ROOT                  fetch Debian's postfix package and unpack it into ROOT
#   postfix.sh create DIR ROOT PORT [NAME=VALUE...]
#                                           an instance in DIR, listening on 127.0.0.1:PORT
#   postfix.sh set DIR NAME=VALUE...        change parameters
#   postfix.sh start|stop|reload DIR
#   postfix.sh run DIR COMMAND ARGUMENT...  a Postfix command for this instance: sendmail, postqueue ...
#
# The recipient domains that it may deliver to are in DIR/etc/transport, one "domain smtp:[ADDRESS]:PORT" a
# line; everything else fails at once, so no mail ever leaves the machine. Mail for its own domain is
# thrown away. Bounces to senders of other domains fail and are dropped with one line in the log.
#
# Postfix wants a mail owner and a group that nothing else uses. The ids "uucp" and "irc", which every
# Debian has and hardly anything uses, serve, so that no user has to be made. Only root can run it.
set -euo pipefail

owner=uucp
group=irc

fail() {
  echo "postfix.sh: $*" >&2
  exit 1
}

needs() {
  apt-cache show --no-all-versions postfix 2>/dev/null | sed -n 's/^Depends: //p' | tr ',' '\n' |
    sed 's/(.*//; s/|.*//; s/ //g' | grep '^lib' || true
}

unpack() {
  local root=$1 work package
  if [ -x "$root/usr/lib/postfix/sbin/master" ]; then
    return 0
  fi
  mkdir -p "$root"
  root=$(cd "$root" && pwd)
  # Several tests may want it at once; the second finds it done.
  exec 9>"$root/lock"
  flock 9
  if [ -x "$root/usr/lib/postfix/sbin/master" ]; then
    return 0
  fi
  work=$(mktemp -d "$root/fetch.XXXXXX")
  (cd "$work" && apt-get download -q postfix >apt.log 2>&1) || {
    cat "$work/apt.log" >&2
    rm -rf "$work"
    fail "could not fetch the postfix package; 'apt-get update' may help"
  }
  package=$(ls "$work"/postfix_*.deb)
  dpkg-deb -x "$package" "$work/tree"
  rm -rf "$root/usr" "$root/etc" "$root/lib" "$root/var"
  mv "$work"/tree/* "$root"
  rm -rf "$work"
  # The libraries are in a place that the programs do not look in; a missing one shows here, not later.
  if LD_LIBRARY_PATH="$root/usr/lib/postfix" ldd "$root/usr/lib/postfix/sbin/master" \
      "$root/usr/lib/postfix/sbin/smtpd" | grep 'not found' >&2; then
    fail "libraries are missing; install: $(needs | tr '\n' ' ')"
  fi
}

create() {
  local root port
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  root=$(cd "$2" && pwd)
  port=$3
  shift 3
  mkdir -p "$dir/etc" "$dir/spool" "$dir/log"
  touch "$dir/etc/transport"
  echo "$root" >"$dir/root"
  # data_directory is relative, so that it lies below the queue directory, where Postfix's own user finds
  # it even when the directories above belong to root alone.
  cat >"$dir/etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = data
command_directory = $root/usr/sbin
daemon_directory = $root/usr/lib/postfix/sbin
shlib_directory = $root/usr/lib/postfix
meta_directory = $root/etc/postfix
sendmail_path = $root/usr/sbin/sendmail
newaliases_path = $root/usr/sbin/sendmail
mailq_path = $root/usr/sbin/sendmail
mail_owner = $owner
setgid_group = $group
import_environment = TZ LANG=C LD_LIBRARY_PATH=$root/usr/lib/postfix MAIL_CONFIG=$dir/etc
export_environment = TZ MAIL_CONFIG LANG LD_LIBRARY_PATH=$root/usr/lib/postfix
maillog_file = $dir/log/mail.log
maillog_file_prefixes = $dir
myhostname = mail.lab.example
mydomain = lab.example
myorigin = lab.example
mydestination = lab.example, localhost
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = 127.0.0.1
smtp_host_lookup = native
disable_dns_lookups = yes
smtp_tls_security_level = none
smtpd_tls_security_level = none
local_transport = discard
local_recipient_maps =
alias_maps =
alias_database =
virtual_alias_maps =
default_transport = error:5.4.4 no such domain in this lab
transport_maps = texthash:$dir/etc/transport
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_soft_error_limit = 100000
smtpd_hard_error_limit = 100000
biff = no
notify_classes =
END
  cat >"$dir/etc/master.cf" <<END
127.0.0.1:$port inet n - n - - smtpd
pickup unix n - n 5 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 5 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
END
  [ $# -eq 0 ] || change "$@"
}

# The rest works on the instance $dir.
run() {
  local root command=$1
  shift
  root=$(cat "$dir/root")
  LD_LIBRARY_PATH="$root/usr/lib/postfix" MAIL_CONFIG="$dir/etc" "$root/usr/sbin/$command" "$@"
}

change() { run postconf -e "$@"; }

# The pid of this instance's master, or nothing.
master_pid() {
  local pid
  pid=$(tr -d ' \n' 2>/dev/null <"$dir/spool/pid/master.pid") || return 0
  if [ -n "$pid" ] && grep -qsFz "$(cat "$dir/root")/usr/lib/postfix/sbin/master" "/proc/$pid/cmdline" &&
      grep -qsFzx "MAIL_CONFIG=$dir/etc" "/proc/$pid/environ"; then
    echo "$pid"
  fi
}

start() {
  [ "$(id -u)" -eq 0 ] || fail "only root can start Postfix"
  [ -z "$(master_pid)" ] || fail "already running in $dir"
  # "postfix start" warns about the two commands that are not set-group-ID here; only root uses them.
  run postfix start 2>"$dir/log/start.log" || {
    cat "$dir/log/start.log" >&2
    tail -n 5 "$dir/log/mail.log" >&2
    fail "Postfix did not start in $dir"
  }
}

stop() {
  local pid step
  pid=$(master_pid)
  [ -n "$pid" ] || return 0
  kill -TERM "$pid" 2>/dev/null || true
  for ((step = 0; step < 100; step++)); do
    [ -n "$(master_pid)" ] || break
    sleep 0.1
  done
  # What is left of the master's process group, such as a delivery that waits for a server.
  kill -TERM -- "-$pid" 2>/dev/null || return 0
  for ((step = 0; step < 30; step++)); do
    kill -0 -- "-$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$pid" 2>/dev/null || true
}

[ $# -ge 1 ] || fail "what to do? See the head of this file."
verb=$1
shift
case $verb in
  needs) needs ;;
  unpack) unpack "$@" ;;
  create) create "$@" ;;
  set | start | stop | reload | run)
    [ -f "$1/etc/main.cf" ] || fail "there is no instance in $1"
    dir=$(cd "$1" && pwd)
    shift
    case $verb in
      set) change "$@" ;;
      reload) run postfix reload 2>/dev/null ;;
      *) "$verb" "$@" ;;
    esac
    ;;
  *) fail "does not know \"$verb\"" ;;
esac
