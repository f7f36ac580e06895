"""Nodes: how they join, how they prove who they are, how they are, what they are told."""
