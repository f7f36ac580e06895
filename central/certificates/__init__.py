"""Certificates of one central: each is watched, and made anew where we are the authority."""
