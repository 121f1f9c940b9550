# shellcheck shell=bash disable=SC2154
# tinyproxy, twice: for all, and for those who log in. Sourced by test-peers, whose variables and functions it uses.

run_tinyproxy() { # name, port, a line more
  local home=$dir/tinyproxy
  printf 'Listen 127.0.0.1\nPort %s\nUser nobody\nGroup nogroup\nPidFile "%s"\nLogFile "%s"\nAllow 127.0.0.1\n%s\n' \
    "$2" "$home/$1.pid" "$dir/tinyproxy-$1.log" "$3" >"$home/$1.conf"
  install -m 644 -o nobody /dev/null "$dir/tinyproxy-$1.log"
  chmod 600 "$home/$1.conf"
  "$(unpacked tinyproxy-bin /tinyproxy)" -c "$home/$1.conf" >>"$dir/start.log" 2>&1
  listening "$2"
}

start_tinyproxy() {
  local attempt
  mkdir -p "$dir/tinyproxy"
  (umask 077 && openssl rand -hex 16 >"$dir/tinyproxy/password")
  for attempt in 1 2 3; do
    read -r -a proxy_ports <<<"$(free_ports 2)"
    if run_tinyproxy open "${proxy_ports[0]}" '' &&
      run_tinyproxy login "${proxy_ports[1]}" "BasicAuth ann $(cat "$dir/tinyproxy/password")"; then
      return 0
    fi
  done
  tail -n 20 "$dir"/tinyproxy-*.log >&2
  die "tinyproxy does not start ($attempt attempts)"
}

tinyproxy_env() {
  cat <<ENV
PROXY_PORT=${proxy_ports[0]}
PROXY_LOGIN_PORT=${proxy_ports[1]}
PROXY_USER=ann
PROXY_PASSWORD_FILE=$dir/tinyproxy/password
ENV
}
