"""allauth's backend, which loads the user of a session by a kept query: every page asks for it."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import QuerySet

from accounts.models import User
from core.kept_queries import kept_query


class LoginBackend(AuthenticationBackend):
    """The backend that `AUTHENTICATION_BACKENDS` names."""

    def get_user(self, user_id: int) -> User | None:
        user: User | None = next(iter(_user(user_id=user_id)), None)
        return user if user is not None and self.user_can_authenticate(user) else None


@kept_query
def _user(*, user_id: int) -> QuerySet[User]:
    return User.objects.filter(pk=user_id)
