"""Real kernels under QEMU, for the tests: guests made of Debian's packages, run without KVM.

``image`` makes a guest's kernel, initramfs and root image and keeps them in a cache; ``machine``
boots one, runs a command in it as root, and gives what it printed. ``boot.sh`` is the guest's first
process; what lies in ``inside`` runs in the guest.
"""
