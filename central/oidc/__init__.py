"""Operators who sign in at an identity provider of their organisation, by OpenID Connect.

``tokens`` and ``mapping`` are pure: what a signed token must say, and which role groups give.
``provider`` speaks to the provider, ``repository`` keeps who came from it, ``service`` does the two
steps of signing in. Local accounts stay what they are, so a provider that is down holds up nobody
who has one.

Sources: OpenID Connect Core 1.0, sections 3.1 and 3.1.3.7; OpenID Connect Discovery 1.0, section 4;
RP-Initiated Logout 1.0, section 2; Back-Channel Logout 1.0, section 2; RFC 7636 (PKCE);
RFC 9207 (issuer in the answer); RFC 9700 (best current practice).
"""
