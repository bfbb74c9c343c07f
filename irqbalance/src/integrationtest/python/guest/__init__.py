"""Real kernels under QEMU, for the tests: guests made of Debian's packages, run without KVM.

``image`` makes a guest's kernel, initramfs and root image and keeps them in a cache. ``machine``
boots a guest, runs a command in it as root, and returns its output. ``boot.sh`` is the guest's
first process. The programs in ``inside`` run in the guest.
"""
