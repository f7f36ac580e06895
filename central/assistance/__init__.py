"""Calls for assistance: who rang at which point, who comes, and when it was done."""
