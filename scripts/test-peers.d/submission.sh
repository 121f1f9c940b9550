# shellcheck shell=bash disable=SC2154
# Dovecot's submission service, which checks who sends and hands the mail to Postfix while it comes. Sourced by
# test-peers, whose variables and functions it uses. It is a Dovecot of its own beside the one that serves Postfix.

write_submission_conf() { # ports: starttls, tls
  local home=$dir/submission
  cat >"$home/dovecot.conf" <<CONF
base_dir = $home/run
log_path = $dir/submission.log
protocols = submission
listen = 127.0.0.1
hostname = submission.example.test
ssl = required
ssl_cert = <$dir/tls/server.pem
ssl_key = <$dir/tls/server.key
auth_mechanisms = plain login scram-sha-1 scram-sha-256
auth_failure_delay = 0
mail_location = maildir:$home/mail/%n
submission_relay_host = 127.0.0.1
submission_relay_port = ${ports[2]}
submission_max_mail_size = 100M
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service submission-login {
  inet_listener submission {
    port = $1
  }
  inet_listener submissions {
    port = $2
    ssl = yes
  }
}
passdb {
  driver = passwd-file
  args = username_format=%u $dir/dovecot/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$home/mail/%n
}
CONF
}

start_submission() {
  local home=$dir/submission attempt
  mkdir -p "$home/run" "$home/mail"
  chown nobody "$home/mail"
  for attempt in 1 2 3; do
    read -r -a submission_ports <<<"$(free_ports 2)"
    write_submission_conf "${submission_ports[@]}"
    if dovecot -c "$home/dovecot.conf" >>"$dir/submission.log" 2>&1 && listening "${submission_ports[@]}"; then return 0; fi
    stop_submission
  done
  tail -n 20 "$dir/submission.log" >&2
  die "Dovecot's submission service does not start ($attempt attempts)"
}

stop_submission() {
  [ ! -e "$dir/submission/run/master.pid" ] || kill "$(cat "$dir/submission/run/master.pid")" 2>/dev/null || true
}

submission_env() {
  cat <<ENV
DOVECOT_PORT=${submission_ports[0]}
DOVECOT_TLS_PORT=${submission_ports[1]}
DOVECOT_LOG_FILE=$dir/submission.log
ENV
}
