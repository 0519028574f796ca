"""How right shares, their intervals, the verdict and changes are: docs/how-sure.md."""
