"""The common ground of edge and centre: vocabulary, site, settings, the command, shared web parts.

It knows no wire, no array and no rule, and imports nothing of ours. To add an event: one class in
``contract/events.py``; to add a subcommand: one entry point ``menshen.commands``, no edit here.
"""
