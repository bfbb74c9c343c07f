#!/bin/sh
# The guest's first process. As /init of the initramfs: loads the drivers and enters the root image.
# Then, there: unpacks the archive on the disk `input` into /in, runs its file `command`, writes the
# exit status to the port `status`, and powers off. With the kernel argument guest.systemd, systemd is
# the first process there, and runs this file as a service.

disk() { # SERIAL: the disk with that serial number
    for each in /sys/block/*; do
        [ "$(cat "$each/serial" 2>/dev/null)" = "$1" ] && echo "/dev/${each##*/}"
    done
}

port() { # NAME: the virtio-serial port of that name; QEMU announces ports in its own time
    tries=0
    while [ $((tries += 1)) -le 300 ]; do
        for each in /sys/class/virtio-ports/*; do
            found="/dev/${each##*/}"
            [ "$(cat "$each/name" 2>/dev/null)" = "$1" ] && [ -c "$found" ] && echo "$found" && return
        done
        sleep 0.2
    done
}

if [ -z "$1" ]; then
    /bin/busybox --install -s /bin
    export PATH=/bin
    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    mount -t devtmpfs dev /dev
    while read -r module; do insmod "/modules/$module" 2>/dev/null; done </modules/order
    mount -t ext4 "$(disk root)" /root || poweroff -f
    cp /init /root/boot.sh
    cp /bin/busybox /root/busybox
    start="/bin/sh /boot.sh root"
    grep -q guest.systemd /proc/cmdline && start=/sbin/init
    for each in proc sys dev; do mount --move "/$each" "/root/$each"; done
    # shellcheck disable=SC2086 - a program and its arguments
    exec switch_root /root $start
fi

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 TERM=dumb
if [ "$1" = root ]; then
    for each in run tmp; do mount -t tmpfs "$each" "/$each"; done
    mkdir -p /dev/shm /dev/pts /sys/fs/cgroup
    mount -t tmpfs shm /dev/shm
    mount -t devpts devpts /dev/pts
    ip link set lo up
    hostname guest
fi
[ -z "$(disk data)" ] || mount -t ext4 "$(disk data)" /data
tar -x -f "$(disk input)" -C /in
cd /root || exit
setsid sh /in/command </dev/null >"$(port out)" 2>"$(port err)" &
wait $!
echo $? >"$(port status)"
sync
umount /data 2>/dev/null
/busybox poweroff -f
