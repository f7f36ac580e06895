"""The controller boards behind the gates. Nothing is built here yet; see docs/scope.md."""
