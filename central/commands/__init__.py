"""What operators have nodes do: asked for, signed, handed to one node, and its answer kept."""
