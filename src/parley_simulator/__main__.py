"""`python -m parley_simulator`."""

from parley_simulator.main import main

main()
