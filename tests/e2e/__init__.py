"""The whole of avis on real parts. Tests are named after the rules."""
