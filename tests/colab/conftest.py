"""`fake` is for the simulated Colab, not for this process."""

collect_ignore = ["fake"]
