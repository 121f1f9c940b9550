#!/bin/bash
# What scripts/test-package does in the copy of the machine: installs, sends, removes.
set -euo pipefail
cd /tmp/deb
deb=$(ls whippet_*.deb)

fail() { echo "test-package: $1" >&2; exit 1; }
log=$PWD/log
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "$*"; }; }

# No service is started or stopped here.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive

# Other programs that are sendmail have to go first.
others=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' | awk '/^installed .*mail-transport-agent/ { print $2 }')
# shellcheck disable=SC2086
[ -z "$others" ] || quietly dpkg --purge --force-depends $others
if ! command -v php >/dev/null; then
  apt-get install -y --no-install-recommends php-cli >"$log" 2>&1 ||
    { quietly apt-get update; quietly apt-get install -y --no-install-recommends php-cli; }
fi

quietly dpkg -i "$deb"
[[ "$(dpkg-query -W -f '${db:Status-Status} ${Provides}' whippet)" = "installed mail-transport-agent" ]] || fail "dpkg -s whippet"
for name in /usr/sbin/sendmail /usr/lib/sendmail /usr/bin/mailq /usr/bin/newaliases; do
  [ "$(readlink -f $name)" = /usr/bin/whippet ] || fail "$name does not lead to whippet"
done
[ "$(stat -c %a /etc/whippet/config.toml)" = 644 ] || fail "not everybody can read the settings"
sendmail --version | grep -q '^whippet ' || fail "sendmail is not whippet"
if command -v man >/dev/null; then
  for page in whippet whippet-config whippet-sendmail whippet-mail whippet-run whippet-spool mailq newaliases; do
    man -w "$page" >/dev/null || fail "no manual page $page"
    [ -z "$(man --warnings "$page" 2>&1 >/dev/null)" ] || fail "man $page warns"
  done
  [ "$(readlink -f "$(man -w 8 sendmail)")" = "$(readlink -f "$(man -w whippet-sendmail)")" ] || fail "sendmail(8) is another page"
fi
if command -v systemd-analyze >/dev/null; then
  quietly systemd-analyze verify whippet-boot.service whippet-queue.timer whippet-smtp.socket whippet-notify@x.service \
    whippet-queue@root.timer
  ! grep whippet "$log" >&2 || fail "systemd complains of the units"
fi
if command -v systemctl >/dev/null; then
  systemctl is-enabled -q whippet-queue.timer || fail "the timer of the queue is not enabled"
  units='whippet-queue.timer whippet-boot.service whippet-smtp.socket whippet-queue@nobody.timer'
  # shellcheck disable=SC2086
  quietly systemctl enable $units
fi

# Somebody who has mail to send, and nothing configured, is told so.
! printf 'Subject: x\n\nx\n' | sendmail root 2>log || fail "a mail went nowhere"
grep -q . log || fail "nothing is said without a server"

mkdir mails
python3 sink.py mails &
for _ in {1..100}; do [ -e mails/port ] || sleep 0.1; done
cat >>/etc/whippet/config.toml <<TOML
host = "127.0.0.1"
port = $(cat mails/port)
tls = "none"
from = "web1@example.org"
from_rule = "login"
local_to = "admin@example.org"
TOML
echo 'exit(mail("root", "Order 7", "Two socks.") ? 0 : 1);' >mail.php
quietly php -n -r "$(cat mail.php)"
cat mails/*.eml >mail.txt || fail "PHP's mail did not arrive"
for words in 'MAIL FROM:<web1@example.org>' 'RCPT TO:<admin@example.org>' 'Subject: Order 7' 'Two socks.'; do
  grep -qF "$words" mail.txt || { cat mail.txt >&2; fail "no $words"; }
done
# As an account without rights, too.
quietly setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent php -n -r "$(cat mail.php)"
[ "$(ls mails/*.eml | wc -l)" = 2 ] || fail "the mail of nobody did not arrive"

# What the server does not take now waits, and is sent later.
sed -i 's/^port = .*/port = 1/' /etc/whippet/config.toml
quietly php -n -r "$(cat mail.php)"
mailq >log && grep -q '^1 queued' log || { cat log >&2; fail "mailq shows no mail"; }
sed -i "s/^port = .*/port = $(cat mails/port)/" /etc/whippet/config.toml
quietly whippet queue run --now
[ "$(ls mails/*.eml | wc -l)" = 3 ] || fail "what was queued did not arrive"

# The settings stay when a new version comes, and when the package is removed; the purge leaves nothing.
quietly dpkg -i "$deb"
grep -q '^host = "127.0.0.1"' /etc/whippet/config.toml || fail "the settings are gone after an upgrade"
dpkg -L whippet | while read -r path; do [ -d "$path" ] || echo "$path"; done >files
[ "$(wc -l <files)" -ge 35 ] || fail "the package has too few files"
echo secret >/etc/whippet/password
quietly dpkg --remove whippet
[ -e /etc/whippet/config.toml ] || fail "the settings are gone before the purge"
if [ -n "${units-}" ]; then
  left=$(find /etc/systemd -name '*whippet*')
  [ -z "$left" ] || fail "left: $left"
  # What was enabled is so again, and what the administrator has disabled stays so.
  quietly dpkg -i "$deb"
  for unit in $units; do systemctl is-enabled -q "$unit" || fail "$unit is not enabled after a removal"; done
  quietly systemctl disable whippet-queue.timer
  quietly dpkg --remove whippet
  quietly dpkg -i "$deb"
  ! systemctl is-enabled -q whippet-queue.timer || fail "what was disabled is enabled after a removal"
  quietly dpkg --remove whippet
fi
quietly dpkg --purge whippet
while read -r path; do [ ! -e "$path" ] && [ ! -L "$path" ] || fail "$path is left"; done <files
left=$(find /etc /usr /var/lib -xdev -iname '*whippet*' | grep -v '/tmp/' || true)
[ -z "$left" ] || fail "left: $left"
echo "test-package: $(basename "$deb") was installed, sent, and was removed without a trace"
