"""The office's own identity provider, by OpenID Connect: authorisation code with PKCE, state and nonce."""

from app.identity_provider.faults import ProviderFault
from app.identity_provider.provider import IdentityProvider, Said, Visit

__all__ = ["IdentityProvider", "ProviderFault", "Said", "Visit"]
