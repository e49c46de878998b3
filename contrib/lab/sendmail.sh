#!/bin/bash
# A private Sendmail that needs no installation and touches no mail system of the machine.
#
#   sendmail.sh needs                       the packages that Debian's Sendmail depends on
#   sendmail.sh unpack ROOT                 fetch Debian's sendmail packages and unpack them into ROOT
#   sendmail.sh create DIR ROOT PORT RELAY_PORT [LINE...]
#                                           an instance in DIR, listening on 127.0.0.1:PORT; LINES are added
#                                           to its sendmail.mc, such as INPUT_MAIL_FILTER(...)
#   sendmail.sh start|stop DIR
#   sendmail.sh mta DIR ARGUMENT...         the sendmail program with the daemon's configuration: -bp, -q ...
#   sendmail.sh msp DIR ARGUMENT...         the same with that for submission, as applications use it
#   DIR/sendmail ARGUMENT...                the program alone, for DIR/etc/sendmail.cf and DIR/etc/submit.cf
#
# The recipient domains that it may deliver to are in DIR/etc/mailertable, one "domain esmtp:[ADDRESS]" a
# line, all at RELAY_PORT. Mail for every other domain is thrown away as if it were local, so that none ever
# leaves the machine.
#
# Sendmail logs with syslog(3) alone, asks for the name of the host, and leaves processes behind. Hence it
# lives in name spaces of its own, with a /dev/log whose lines go to DIR/log/mail.log; when they end, every
# process in them is gone. That needs root with CAP_SYS_ADMIN; "unpack" says so where it is missing.
set -euo pipefail

lab=$(cd "$(dirname "$0")" && pwd)
host=mail.lab.example

fail() {
  echo "sendmail.sh: $*" >&2
  exit 1
}

needs() {
  echo m4
  apt-cache show --no-all-versions sendmail-bin 2>/dev/null | sed -n 's/^Depends: //p' | tr ',' '\n' |
    sed 's/(.*//; s/|.*//; s/ //g' | grep '^lib' || true
}

unpack() {
  local root=$1 work package
  command -v m4 >/dev/null || fail "m4 is missing; install: $(needs | tr '\n' ' ')"
  unshare -mpu --fork true 2>/dev/null ||
    fail "unshare(1) cannot make name spaces here: it needs root with CAP_SYS_ADMIN"
  mkdir -p "$root"
  root=$(cd "$root" && pwd)
  # Several tests may want it at once; the second finds it done.
  exec 9>"$root/lock"
  flock 9
  if [ -e "$root/complete" ]; then
    return 0
  fi
  work=$(mktemp -d "$root/fetch.XXXXXX")
  (cd "$work" && apt-get download -q sendmail-bin sendmail-cf >apt.log 2>&1) || {
    cat "$work/apt.log" >&2
    rm -rf "$work"
    fail "could not fetch the sendmail packages; 'apt-get update' may help"
  }
  for package in "$work"/*.deb; do
    dpkg-deb -x "$package" "$root"
  done
  rm -rf "$work"
  # Only root uses it, and a program that is set-group-ID is not to be left lying about.
  chmod 755 "$root/usr/libexec/sendmail/sendmail"
  if ldd "$root/usr/libexec/sendmail/sendmail" | grep 'not found' >&2; then
    fail "libraries are missing; install: $(needs | tr '\n' ' ')"
  fi
  touch "$root/complete"
}

# configure NAME [LINE...]: makes DIR/etc/NAME.cf of NAME.mc and the lines.
configure() {
  local name=$1 cf
  shift
  cf=$(cat "$dir/root")/usr/share/sendmail/cf
  {
    printf 'divert(-1)\ndefine(`DIR'\'', `%s'\'')\ndefine(`PORT'\'', `%s'\'')\ndefine(`RELAY_PORT'\'', `%s'\'')\n' \
      "$dir" "$port" "$relay_port"
    cat "$lab/$name.mc"
    [ $# -eq 0 ] || printf '%s\n' "$@"
    [ "$name" = submit ] || printf 'MAILER(`local'\'')dnl\nMAILER(`smtp'\'')dnl\n'
  } >"$dir/etc/$name.mc"
  m4 -D_CF_DIR_="$cf/" "$cf/m4/cf.m4" "$dir/etc/$name.mc" >"$dir/etc/$name.cf" 2>"$dir/etc/$name.m4.log" ||
    fail "m4 failed: $(cat "$dir/etc/$name.m4.log")"
}

create() {
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  port=$3
  relay_port=$4
  mkdir -p "$dir/etc" "$dir/log" "$dir/dev" "$dir/queue" "$dir/msp"
  chmod 700 "$dir/queue"
  chown mail:mail "$dir/msp"
  chmod 770 "$dir/msp"
  (cd "$2" && pwd) >"$dir/root"
  shift 4
  configure sendmail "$@"
  configure submit
  touch "$dir/statistics" "$dir/etc/helpfile"
  echo '. local:root' >"$dir/etc/mailertable"
  echo 'hosts files' >"$dir/etc/service.switch"
  printf '127.0.0.1 localhost %s\n' "$host" >"$dir/etc/hosts"
  printf 'hosts: files\n' >"$dir/etc/nsswitch.conf"
  printf '#!/bin/sh\nexec "%s/sendmail.sh" run "%s" "$@"\n' "$lab" "$dir" >"$dir/sendmail"
  chmod 755 "$dir/sendmail"
}

# The rest works on the instance $dir.

# The pid of this instance's unshare, or nothing.
box_pid() {
  local pid
  pid=$(cat "$dir/box.pid" 2>/dev/null) || return 0
  if [ -n "$pid" ] && grep -qsFzx "$dir" "/proc/$pid/cmdline" && grep -qsFzx unshare "/proc/$pid/cmdline"; then
    echo "$pid"
  fi
}

# The first process of the name spaces, which all others go with: mounts what is private and waits.
box() {
  local node step
  hostname "$host"
  mount --make-rprivate /
  mount -t tmpfs -o mode=755 tmpfs "$dir/dev"
  for node in null zero full random urandom tty; do
    : >"$dir/dev/$node"
    mount --bind "/dev/$node" "$dir/dev/$node"
  done
  mount --rbind "$dir/dev" /dev
  mount --bind "$dir/etc/hosts" /etc/hosts
  mount --bind "$dir/etc/nsswitch.conf" /etc/nsswitch.conf
  python3 "$lab/syslog.py" /dev/log mail "$dir/log/mail.log" &
  for ((step = 0; step < 100; step++)); do
    [ ! -e /dev/log ] || break
    sleep 0.05
  done
  "$(cat "$dir/root")/usr/libexec/sendmail/sendmail" -C "$dir/etc/sendmail.cf" -L sm-mta -bD -q1s &
  # When one of the two ends, so does everything.
  wait -n || true
  fail "its daemon or its log has ended"
}

start() {
  local pid step
  [ -z "$(box_pid)" ] || fail "already running in $dir"
  rm -f "$dir/sendmail.pid"
  setsid unshare -mpu --fork --kill-child "$lab/sendmail.sh" box "$dir" </dev/null >"$dir/log/start.log" 2>&1 &
  pid=$!
  echo "$pid" >"$dir/box.pid"
  for ((step = 0; step < 200; step++)); do
    [ ! -s "$dir/sendmail.pid" ] || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  cat "$dir/log/start.log" >&2
  tail -n 5 "$dir/log/mail.log" >&2 || true
  stop
  fail "Sendmail did not start in $dir"
}

stop() {
  local pid first step
  pid=$(box_pid)
  [ -n "$pid" ] || return 0
  first=$(cat "/proc/$pid/task/$pid/children")
  # unshare ignores SIGTERM; with it ends the first process, and with that all others.
  kill -KILL "$pid" 2>/dev/null || true
  for ((step = 0; step < 100; step++)); do
    [ -d "/proc/${first// /}" ] || break
    sleep 0.05
  done
  rm -f "$dir/box.pid"
}

# The sendmail program among the daemon's processes.
run() {
  local pid first
  pid=$(box_pid)
  [ -n "$pid" ] || fail "there is none running in $dir"
  first=$(cat "/proc/$pid/task/$pid/children")
  exec nsenter -t "${first// /}" -m -p -u --wd=/ -- "$(cat "$dir/root")/usr/libexec/sendmail/sendmail" "$@"
}

[ $# -ge 1 ] || fail "what to do? See the head of this file."
verb=$1
shift
case $verb in
  needs) needs ;;
  unpack) unpack "$@" ;;
  create) create "$@" ;;
  box | start | stop | run | mta | msp)
    [ -f "$1/etc/sendmail.cf" ] || fail "there is no instance in $1"
    dir=$(cd "$1" && pwd)
    shift
    case $verb in
      mta) run -C "$dir/etc/sendmail.cf" "$@" ;;
      msp) run -Ac -C "$dir/etc/submit.cf" "$@" ;;
      *) "$verb" "$@" ;;
    esac
    ;;
  *) fail "does not know \"$verb\"" ;;
esac
