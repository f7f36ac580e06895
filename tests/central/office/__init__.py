"""Tests of the canteen's office."""
