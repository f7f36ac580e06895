"""The personnel office's file: read into rows, compared with who is known. Pure, no database.

``tables`` reads bytes into lines of cells, ``columns`` knows the headings, ``rows`` reads a line,
``compare`` says what would change. A bad row is one refusal and never stops the others. To read a
further column, add it to ``columns.NAMES`` and its reader to ``rows.READERS``.
"""
