"""Fire at central: what terminals told of fires, drills and tests, and the proof of each.

Central never releases a gate. It keeps what the terminals did without it, shows it, and has them
end it when a person says so. To add a fact: its event in ``repository.note_events``, its column in
``tables``, its line in ``report``.
"""
