"""The impact assessment: what this site processes of people, where, how long, and who may see it.

Put together from what runs (the site file, the table of retention, the roles, the catalogue of
networks, the database), never from a copy of it. It decides nothing and changes nothing.
"""
