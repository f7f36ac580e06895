"""The canteen's office: what people do to money that no till does.

Every deed is one ``Wish`` with a key of its own. ``money`` and ``corrections`` plan what it would
move (also for the preview), ``deeds`` asks the second person where one is needed, moves it once and
keeps who did it. What was wrong is moved back by another deed; nothing is changed or removed.
"""
