#!/bin/sh
# Puts anling in its place on a machine with systemd: user, folders, units, udev rules. Run as root, from anywhere;
# a second time changes nothing but what is new. `make install` calls it. It starts nothing: it says what to do next.
#
#   LOGS=https://HOST:19532 sh config/systemd/install.sh   also has journald send its log to that machine
#   DESTDIR=/tmp/try sh config/systemd/install.sh     puts everything below another folder and makes no user
set -eu
cd "$(dirname "$0")/../.."
HERE=$(pwd)
DESTDIR=${DESTDIR-}
LOGS=${LOGS-}

say() { printf '%s\n' "$*"; }

if [ -z "$DESTDIR" ] && [ "$(id -u)" != 0 ]; then
    say "anling is installed by root: sudo make install" >&2
    exit 1
fi
case "$HERE" in
    /home/* | /root | /root/*)
        say "The service may not look into $HERE (ProtectHome). Put this folder elsewhere first: mv $HERE /opt/anling" >&2
        [ -n "$DESTDIR" ] || exit 1
        ;;
esac
case "$LOGS" in
    "" | https://[A-Za-z0-9[]*) ;;
    *)
        say "LOGS is the address of another machine and begins with https://, like https://logs.bureau.example:19532" >&2
        exit 1
        ;;
esac
if [ ! -x .venv/bin/anling ] && [ -z "$DESTDIR" ]; then
    say "The program is not set up yet: sh ./demo --set-up run" >&2
    exit 1
fi

# The service may not write beside its code, and would compile all of it at each start: 3 s of the processor.
if [ -x .venv/bin/python ] && [ -z "$DESTDIR" ]; then
    .venv/bin/python -m compileall -q config devices dispatch schedules && .venv/bin/python -m config.patterns ||
        say "The code could not be compiled ahead; each start will take some seconds longer." >&2
fi

if [ -z "$DESTDIR" ]; then
    getent group anling >/dev/null || groupadd --system anling
    getent passwd anling >/dev/null ||
        useradd --system --gid anling --groups dialout --no-create-home --home-dir /var/lib/anling \
            --shell /usr/sbin/nologin anling
fi

install -d -m 0750 "$DESTDIR/etc/anling"
install -d -m 0755 "$DESTDIR/etc/systemd/system" "$DESTDIR/etc/udev/rules.d"
install -d -m 0700 "$DESTDIR/var/lib/anling" "$DESTDIR/var/backups/anling"
if [ -z "$DESTDIR" ]; then
    chown root:anling /etc/anling
    chown anling:anling /var/lib/anling /var/backups/anling
fi
if [ ! -e "$DESTDIR/etc/anling/anling.toml" ]; then
    cat >"$DESTDIR/etc/anling/anling.toml" <<'SETTINGS'
# Settings of anling; config/default.toml documents every key.

[backup]
folder = "/var/backups/anling"

[webhooks]
# Nothing is sent to programs of others until their hosts stand here, like ["hooks.city.example"].
hosts = []
SETTINGS
    chmod 0640 "$DESTDIR/etc/anling/anling.toml"
    [ -n "$DESTDIR" ] || chown root:anling /etc/anling/anling.toml
fi
for unit in config/systemd/*.service config/systemd/*.timer; do
    sed "s#/opt/anling#$HERE#g" "$unit" >"$DESTDIR/etc/systemd/system/$(basename "$unit")"
    chmod 0644 "$DESTDIR/etc/systemd/system/$(basename "$unit")"
done
# A file that somebody has filled in stays.
[ -e "$DESTDIR/etc/udev/rules.d/70-anling.rules" ] ||
    install -m 0644 config/udev/70-anling.rules "$DESTDIR/etc/udev/rules.d/70-anling.rules"

if [ -n "$LOGS" ]; then
    # systemd-journal-upload(8) keeps the place up to which it has sent; its key and certificates are the installer's.
    install -d -m 0755 "$DESTDIR/etc/systemd/journal-upload.conf.d" \
        "$DESTDIR/etc/systemd/system/systemd-journal-upload.service.d"
    printf '# Written by anling: make install LOGS=…\n[Upload]\nURL=%s\n' "$LOGS" \
        >"$DESTDIR/etc/systemd/journal-upload.conf.d/anling.conf"
    install -m 0644 config/systemd/journal-upload.restart.conf \
        "$DESTDIR/etc/systemd/system/systemd-journal-upload.service.d/anling.conf"
    chmod 0644 "$DESTDIR/etc/systemd/journal-upload.conf.d/anling.conf"
fi

if [ -z "$DESTDIR" ]; then
    systemctl daemon-reload
    # Inside a container there is no udev to tell; then whoever runs the machine names the adapters.
    udevadm control --reload || say "udev did not answer: its rules count after the next start of the machine"
fi
say "anling is in its place. Now:"
say "    systemctl enable --now anling anling-watch anling-backup.timer"
say "    journalctl -u anling | grep setup_waits      the code of the setup wizard, and its address"
[ -z "$LOGS" ] ||
    say "    apt install systemd-journal-remote; systemctl enable --now systemd-journal-upload    the log goes to $LOGS"
