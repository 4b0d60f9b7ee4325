"""How programs run that mount things and start processes of their own."""

# A process tree with its own mounts: whatever ends it (SIGKILL included), nothing stays mounted or running.
CONTAINED = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
