"""`python -m compare`."""

from compare.commandline import main

main()
