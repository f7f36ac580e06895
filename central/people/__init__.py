"""People who may pass: their names stay here; nodes get identifiers, verifiers and templates."""
