"""A box on a machine with hardware of its own: kernel, disk, cards, screen, keyboard and, where a
test gives it one, a TPM; all of them made by QEMU.

Asked for by name, as root: `firmware_scripts/test_virtual.sh`.
"""
