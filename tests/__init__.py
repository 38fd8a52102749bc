"""The tests of avis; tests/README says how to run them."""
