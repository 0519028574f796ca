"""`python -m positivity`."""

from positivity.cli import main

main()
