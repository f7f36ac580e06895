"""From a camera to a candidate: pictures, faces over time, one attempt per person.

``source`` opens cameras, ``reader`` keeps the newest picture and knows its age, ``tracker`` and
``approach`` are pure (time is an argument), ``watcher`` ties them to the networks in one thread per
lane. This package must not know doors, rules, people's names or the journal: it hands a
``FaceAttempt`` to whoever asked. To add a kind of camera: one class and one line in ``source``.
"""
