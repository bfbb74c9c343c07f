#!/bin/sh
# Runs in a guest with systemd and the packages: prints "NAME: VALUE" lines of what systemd did.

until_active() { # UNIT: its state, once it is active or two minutes are over
    for _ in $(seq 120); do
        systemctl --quiet is-active "$1" && break
        sleep 1
    done
    systemctl is-active "$1"
}

echo "server at boot: $(until_active irq_server.service)"
sleep 15
echo "first answer: $(irq_client --format json overview | head -c 1)"
echo "server's user: $(ps -o user= -p "$(systemctl show -P MainPID irq_server.service)")"
echo "timer before: $(systemctl is-active irqbalance-once.timer)"
irqbalance install --timer
echo "timer: $(systemctl is-active irqbalance-once.timer) $(systemctl is-enabled irqbalance-once.timer)"
for _ in $(seq 180); do
    [ -e /var/lib/irqbalance/snapshot.json ] && break
    [ "$(systemctl show -P ExecMainExitTimestampMonotonic irqbalance-once.service)" != 0 ] && break
    sleep 1
done
echo "run: $(systemctl show -P Result -P ExecMainStatus irqbalance-once.service | paste -s -d ' ')"
echo "state: $(ls /var/lib/irqbalance | wc -l)"
irqbalance uninstall
echo "timer after: $(systemctl is-active irqbalance-once.timer) $(systemctl is-enabled irqbalance-once.timer 2>&1)"
mkdir -p /opt/irq
cp /usr/bin/irq_server /opt/irq/irq_server
/opt/irq/irq_server install
echo "own unit: $(until_active irq_server.service) $(systemctl show -P ExecStart irq_server.service | grep -o '/opt/irq/irq_server' | head -n 1)"
/opt/irq/irq_server uninstall
dpkg --purge irq-server irqbalance-once irq-client
echo "after the purge: $(systemctl is-active irq_server.service) $(ls -d /var/lib/private/irq_server /var/lib/irqbalance 2>/dev/null | wc -l)"
journalctl --no-pager --unit irqbalance-once.service --unit irq_server.service >&2
